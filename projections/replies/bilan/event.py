"""Event: one fact in bilan-server's words, and what its turn adds to a vote and its first vote to a turn."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from projections.query.turns.facts import Told
from projections.read_models.turn_facts import Kind

# As they are sent: bilan-server stored a turn's beginning under another name, by which a question may call it, too.
NAMES: Final[Mapping[Kind, str]] = {
    Kind.STARTED: "turn_started",
    Kind.COMPLETED: "turn_completed",
    Kind.FAILED: "turn_failed",
    Kind.VOTE: "vote_cast",
    Kind.CONVERSATION_STARTED: "conversation_started",
    Kind.CONVERSATION_ENDED: "conversation_ended",
    Kind.JOURNEY_STEP: "journey_step",
    Kind.REGENERATION: "regeneration_requested",
    Kind.FRUSTRATION: "frustration_detected",
}
KINDS: Final[Mapping[str, Kind]] = {
    **{name: kind for kind, name in NAMES.items()},
    "turn_created": Kind.STARTED,
    "journey_step_completed": Kind.JOURNEY_STEP,
}
SETTLED: Final = (Kind.COMPLETED, Kind.FAILED)


def type_of(kind: Kind, name: str) -> str:
    """Return what the event is called: an action keeps the name that its caller gave it."""
    return NAMES.get(kind) or name


def milliseconds(moment: datetime) -> int:
    """Return *moment* as JavaScript counts."""
    return round(moment.timestamp() * 1000)


def number(value: float | None) -> float | None:
    """Return *value* as JSON that says 1 and not 1.0."""
    return int(value) if value is not None and value.is_integer() else value


def event_of(told: Told) -> dict[str, Any]:
    """Return the fact *told* as a row of events."""
    return {
        "event_id": told.key or told.event_id,
        "user_id": told.subject,
        "event_type": type_of(told.kind, told.name),
        "timestamp": milliseconds(told.occurred_at),
        "properties": _properties(told),
        "prompt_text": told.prompt or None,
        "ai_response": told.response or None,
        "journey_id": told.journey or None,
        "conversation_id": told.conversation or None,
        "turn_sequence": told.sequence,
        "turn_id": told.turn or None,
    }


def vote_with_turn(event: dict[str, Any], of_turn: Sequence[Told]) -> dict[str, Any]:
    """Return the vote *event* with what the facts of its turn say of the turn."""
    answered = next((told for told in of_turn if told.kind is Kind.COMPLETED), None)
    begun = next((told for told in of_turn if told.kind is Kind.STARTED), None)
    turn = answered or begun
    if turn is None:
        return event
    actions = [told for told in of_turn if told.kind is Kind.ACTION]
    conversation = next((told.conversation for told in reversed(actions) if told.conversation), "") or turn.conversation
    session = next((told.session for told in reversed(actions) if told.session), "") or turn.session
    added = {
        "model": turn.model,
        "provider": turn.provider,
        "responseTime": turn.duration_ms,
        "responseLength": turn.size,
        "journey_id": turn.journey,
        "journey_step": turn.step,
        "session_id": session,
        "conversation_id": conversation,
        "action_type": turn.props.get("action_type"),
        "action_id": actions[0].props.get("action_id") if actions else None,
        "action_label": actions[0].props.get("action_label") if actions else None,
    }
    return event | {
        "prompt_text": turn.prompt or (begun.prompt if begun else "") or event["prompt_text"],
        "ai_response": turn.response or event["ai_response"],
        "journey_id": turn.journey or event["journey_id"],
        "conversation_id": conversation or event["conversation_id"],
        "properties": event["properties"] | _said(added),
    }


def turn_with_vote(event: dict[str, Any], of_turn: Sequence[Told]) -> dict[str, Any]:
    """Return the turn's *event* with the first vote on the turn."""
    vote = next((told for told in of_turn if told.kind is Kind.VOTE), None)
    if vote is None:
        return event
    added = {
        "voteValue": number(vote.value),
        "voteId": vote.key or vote.event_id,
        "voteTimestamp": milliseconds(vote.occurred_at),
        "voteComment": vote.comment,
    }
    return event | {"properties": event["properties"] | _said(added)}


def _properties(told: Told) -> dict[str, Any]:
    particular = _PARTICULARS.get(told.kind)
    common = {
        "conversation_id": told.conversation,
        "journey_id": told.journey,
        "journey_step": told.step,
        "session_id": told.session,
        "turn_sequence": told.sequence,
        "model": told.model,
        "modelUsed": told.model,
        "provider": told.provider,
        "prompt_version": told.prompt_version,
    }
    return told.props | _said(common) | (_said(particular(told)) if particular else {})


def _said(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None and value != ""}


def _started(told: Told) -> dict[str, Any]:
    return {"turnId": told.turn, "turn_id": told.turn, "retryCount": told.retry}


def _completed(told: Told) -> dict[str, Any]:
    return _started(told) | {"status": "success", "responseTime": told.duration_ms, "responseLength": told.size}


def _failed(told: Told) -> dict[str, Any]:
    said = {"status": "failed", "attemptedDuration": told.duration_ms, "errorType": told.word, "errorMessage": told.comment}
    return _started(told) | said


def _vote(told: Told) -> dict[str, Any]:
    said = {"turn_id": told.turn, "value": number(told.value), "comment": told.comment}
    return said | {"responseTime": told.duration_ms}


def _ended(told: Told) -> dict[str, Any]:
    return {"status": told.word, "messageCount": told.size}


def _step(told: Told) -> dict[str, Any]:
    name = told.props.get("journey_name", told.journey)
    return {"journey_name": name, "step_name": told.step, "completed": told.is_last or None}


def _wanted(told: Told) -> dict[str, Any]:
    return {"turn_id": told.turn, "reason": told.comment}


def _action(told: Told) -> dict[str, Any]:
    said = {"turn_id": told.turn, "action_type": told.word, "value": number(told.value), "comment": told.comment}
    return said | {"responseTime": told.duration_ms}


_PARTICULARS: Final[Mapping[Kind, Callable[[Told], dict[str, Any]]]] = {
    Kind.STARTED: _started,
    Kind.COMPLETED: _completed,
    Kind.FAILED: _failed,
    Kind.VOTE: _vote,
    Kind.CONVERSATION_ENDED: _ended,
    Kind.JOURNEY_STEP: _step,
    Kind.REGENERATION: _wanted,
    Kind.FRUSTRATION: _wanted,
    Kind.ACTION: _action,
}
