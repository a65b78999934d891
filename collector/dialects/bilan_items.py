"""What a bilan event says, in whichever of its generations and spellings: the SDK's, the README's, and the votes of v0.3."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from collector.dialects.bilan_values import number_of, retries_of, text_of, vote_in, whole_of
from collector.dialects.retry_key import content_of
from collector.kinds.turns import (
    ActionClaim,
    ConversationEndedClaim,
    ConversationStartedClaim,
    FrustrationClaim,
    JourneyStepClaim,
    RegenerationClaim,
    TurnCompletedClaim,
    TurnFailedClaim,
    TurnsClaim,
    TurnStartedClaim,
    VoteClaim,
)
from collector.outcomes import Rejected, RejectReason
from collector.privacy.personal import is_identity

MOST_PROPERTIES: Final = 1000
# Below it a time since 1970 is in seconds (until the year 5138), from there on in milliseconds (from March 1973 on).
FIRST_MILLISECONDS: Final = 100_000_000_000
# bilan's documents bound a response time by 300 seconds, and its SDK sends seconds; others send milliseconds by the same names.
MOST_SECONDS_OF_A_TURN: Final = 300
# Of a conversation: nearly three hours, or ten seconds if it were milliseconds.
MOST_SECONDS_OF_A_TALK: Final = 10_000

CLAIMS: Final[Mapping[str, type[TurnsClaim]]] = {
    "turn_started": TurnStartedClaim,
    "turn_created": TurnStartedClaim,  # as the original stores it, and so exports it
    "turn_completed": TurnCompletedClaim,
    "turn_failed": TurnFailedClaim,
    "vote_cast": VoteClaim,
    "conversation_started": ConversationStartedClaim,
    "conversation_ended": ConversationEndedClaim,
    "journey_step": JourneyStepClaim,
    "journey_step_completed": JourneyStepClaim,
    "regeneration_requested": RegenerationClaim,
    "frustration_detected": FrustrationClaim,
}

# Each field of a claim, and the names that properties have for it: of two that are given the earlier counts.
_Names = dict[str, tuple[str, ...]]
_NAMES: Final[_Names] = {
    "turn": ("turn_id", "turnId", "prompt_id", "promptId"),
    "conversation": ("conversation_id", "conversationId"),
    "journey": ("journey_id", "journeyId"),
    "journey_name": ("journey_name", "journeyName"),
    "step": ("journey_step", "journeyStep", "step_name", "stepName"),
    "session": ("session_id", "sessionId"),
    "sequence": ("turn_sequence", "turnSequence"),
    "model": ("model", "modelUsed", "model_used"),
    "provider": ("provider",),
    "prompt_version": ("prompt_version", "promptVersion"),
    "prompt": ("promptText", "prompt_text", "prompt"),
    "response": ("aiResponse", "ai_response", "aiOutput", "ai_output", "response"),
    "milliseconds": ("latency", "latency_ms", "latencyMs", "duration_ms", "durationMs", "response_time_ms", "responseTimeMs"),
    "took": ("responseTime", "response_time", "attemptedDuration", "attempted_duration"),
}
_VALUE: Final[_Names] = {"value": ("value",), "comment": ("comment",)}
_RETRY: Final[_Names] = {"retry": ("retryCount", "retry_count")}
_OWN: Final[dict[type[TurnsClaim], _Names]] = {
    TurnStartedClaim: _RETRY,
    TurnCompletedClaim: _RETRY | {"response_chars": ("responseLength", "response_length")},
    TurnFailedClaim: _RETRY | {"error": ("errorType", "error_type"), "message": ("errorMessage", "error_message")},
    VoteClaim: _VALUE,
    ConversationEndedClaim: {
        "outcome": ("status", "outcome"),
        "messages": ("messageCount", "message_count"),
        "lasted": ("duration", "total_duration", "totalDuration"),
    },
    JourneyStepClaim: {"is_last": ("completed", "is_completed", "isCompleted"), "status": ("status",)},
    RegenerationClaim: {"reason": ("reason",)},
    FrustrationClaim: {"reason": ("reason",)},
    ActionClaim: _VALUE | {"action": ("action_type", "actionType")},
}
# The event has a time of its own; these say the same again.
_TIMES: Final = frozenset(
    f"{stem}{ending}" for stem in ("started", "completed", "failed", "ended") for ending in ("At", "_at")
) | {"timestamp"}
# A status that says no more than the type does.
_SAID_BY_TYPE: Final = ((TurnCompletedClaim, "status", "success"), (TurnFailedClaim, "status", "failed"))
_USER: Final = frozenset({"user_id", "userId"})
# What the README writes beside the properties.
_BESIDE: Final = ("turn_id", "turnId", "conversation_id", "conversationId", "journey_id", "journeyId")
TEXTS: Final = ("promptText", "prompt_text", "aiResponse", "ai_response", "aiOutput", "ai_output")
_TEXT_FIELDS: Final = frozenset(
    ("turn", "conversation", "step", "session", "model", "provider", "prompt_version", "prompt", "response")
)
_DURATIONS: Final = frozenset({"milliseconds", "took", "lasted"})
_NOT_AMONG: Final = (*_BESIDE, *TEXTS)

# What an event may say beside its properties; anything else is ignored, unless it is a name of somebody.
_ENVELOPE: Final = frozenset({"eventId", "eventType", "timestamp", "userId", "properties", "promptText", "aiResponse"})


def _places(claim: type[TurnsClaim]) -> dict[str, tuple[str, int]]:
    """Return the field and the rank of each name that a property may have."""
    return {name: (field, rank) for field, names in (_NAMES | _OWN.get(claim, {})).items() for rank, name in enumerate(names)}


_KINDS: Final[frozenset[type[TurnsClaim]]] = frozenset({*CLAIMS.values(), ActionClaim})
_PLACES: Final = {claim: _places(claim) for claim in _KINDS}


def claim_of(event: Mapping[str, Any]) -> TurnsClaim:
    """Return what *event* claims, or raise Rejected."""
    type_ = _required(event, "eventType", "event_type")
    user = _required(event, "userId", "user_id")
    kind = CLAIMS.get(type_, ActionClaim)
    said, props = _sorted_out(_properties(event), kind, user)
    for name in _NOT_AMONG:
        if name in event and (place := _PLACES[kind].get(name)) is not None:
            said.setdefault(place[0], event[name])
    if kind is ActionClaim:
        said["name"] = type_
    fields = _identified(event)
    fields.update(_common(said, props))
    fields.update(_of_its_own(kind, said))
    return kind(user=user, others=_others(event, user), **fields, props=props)


def vote_of(event: Mapping[str, Any]) -> VoteClaim:
    """Return the vote in *event*, as the SDK of v0.3 sends it, or raise Rejected."""
    if not event.get("userId") or not event.get("promptId") or "value" not in event:
        raise Rejected(RejectReason.MISSING_FIELD, "Missing required fields")
    user, metadata = _required(event, "userId"), event.get("metadata")
    more, props = _sorted_out(_properties({"properties": metadata if isinstance(metadata, dict) else None}), VoteClaim, user)
    said = more | _sorted_out(event, VoteClaim, user)[0]  # what else stands there is nothing that a vote has
    fields = _identified(event) | _common(said, props) | _of_its_own(VoteClaim, said)
    return VoteClaim(user=user, others=_others(event, user), **fields, props=props)


def time_of(event: Mapping[str, Any]) -> datetime | None:
    """Return when *event* says that it happened, None where it says nothing; raise Rejected for what is no time.

    A number below 10^11 is in seconds, any other in milliseconds.
    """
    said = event.get("timestamp")
    if said is None:
        return None
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    if not is_number or said <= 0 or said != said // 1:
        detail = "The timestamp must be a positive whole number of milliseconds since 1970; or leave it out."
        raise Rejected(RejectReason.WRONG_TYPE, detail, field="timestamp")
    try:
        return datetime.fromtimestamp(said if said < FIRST_MILLISECONDS else said / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        detail = "The timestamp lies beyond the year 9999; send milliseconds since 1970."
        raise Rejected(RejectReason.OUT_OF_RANGE, detail, field="timestamp") from None


def id_of(event: Mapping[str, Any]) -> str | None:
    """Return the id that *event* gives itself, or None."""
    said = event.get("eventId", event.get("event_id"))
    if said is None:
        return None
    if not isinstance(said, str) or not said:
        raise Rejected(RejectReason.WRONG_TYPE, "The eventId must be a text that is not empty.", field="eventId")
    return said


def _identified(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event's own id; where it has none but a time, a digest of all that it says, so that a retry is known again."""
    if (own := id_of(event)) is not None:
        return {"key": own}
    if event.get("timestamp") is None:
        return {}
    return {"content": content_of(event)}


def _others(event: Mapping[str, Any], user: str) -> tuple[str, ...]:
    """Return whom *event* names beside its *user*: they are nobody's to read among the properties either."""
    if _ENVELOPE.issuperset(event):
        return ()
    names = (said for name, said in event.items() if name not in _ENVELOPE and is_identity(name))
    return tuple(said for said in (*names, event.get("user_id")) if isinstance(said, str) and said != user)


def _required(event: Mapping[str, Any], *names: str) -> str:
    for name in names:
        said = event.get(name)
        if isinstance(said, str) and said:
            return said
    raise Rejected(RejectReason.MISSING_FIELD, f"The {names[0]} must be a text that is not empty.", field=names[0])


def _properties(event: Mapping[str, Any]) -> dict[str, Any]:
    said = event.get("properties")
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise Rejected(RejectReason.WRONG_TYPE, "The properties must be an object.", field="properties")
    if len(said) > MOST_PROPERTIES:
        detail = f"The properties have over {MOST_PROPERTIES:,} names; send fewer."
        raise Rejected(RejectReason.TOO_MANY, detail, field="properties")
    return said


def _sorted_out(properties: Mapping[str, Any], kind: type[TurnsClaim], user: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what *properties* say for the fields of *kind*, and what is left of them."""
    places, said, ranks, rest = _PLACES[kind], dict[str, Any](), dict[str, int](), dict[str, Any]()
    for name, value in properties.items():
        place = places.get(name)
        if place is None:
            if name not in _TIMES and not (name in _USER and value == user) and (kind, name, value) not in _SAID_BY_TYPE:
                rest[name] = value
        elif value is not None and value != "" and place[1] < ranks.get(place[0], len(places)):
            said[place[0]], ranks[place[0]] = value, place[1]
    return said, rest


def _common(said: Mapping[str, Any], props: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that any claim of the family may have; a journey's name goes to *props* where it has an id, too."""
    common: dict[str, Any] = {name: text_of(value) for name, value in said.items() if name in _TEXT_FIELDS}
    if "journey" in said or "journey_name" in said:
        journey, name = text_of(said.get("journey")), text_of(said.get("journey_name"))
        common["journey"] = journey or name
        if journey and name and journey != name:
            props["journey_name"] = name
    if "sequence" in said:
        common["sequence"] = whole_of(said["sequence"])
    if not _DURATIONS.isdisjoint(said) and (duration := _duration_ms(said)) is not None:
        common["duration_ms"] = duration
    return common


def _of_its_own(kind: type[TurnsClaim], said: Mapping[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {field: _reader(field)(said[field]) for field in _FIELDS[kind] if field in said}
    if kind is JourneyStepClaim:
        # Its SDK has no other way to end a journey than a step that is called so.
        own["is_last"] = said.get("is_last") is True or "completed" in (said.get("status"), said.get("step"))
    return own


def _duration_ms(said: Mapping[str, Any]) -> int | None:
    """Return how long it took, in whole milliseconds.

    A name that says its unit, or ``latency``, is in milliseconds; others are in seconds as long as that is likely: up to 300 of
    a turn, which bilan's own documents name as its bound, and up to 10,000 of a conversation.
    """
    if (exact := number_of(said.get("milliseconds"))) is not None:
        return whole_of(round(exact))
    for name, most in (("took", MOST_SECONDS_OF_A_TURN), ("lasted", MOST_SECONDS_OF_A_TALK)):
        if name in said and (number := number_of(said[name])) is not None:
            return whole_of(round(number * 1000 if number <= most else number))
    return None


def _reader(field: str) -> Callable[[Any], Any]:
    return _READERS.get(field, text_of)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "retry": retries_of,
    "response_chars": whole_of,
    "messages": whole_of,
    "value": vote_in,
}
# What a claim has of its own, and _of_its_own reads by itself.
_FIELDS: Final = {
    kind: tuple(field for field in kind.__struct_fields__ if field not in TurnsClaim.__struct_fields__) for kind in _KINDS
}
