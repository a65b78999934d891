"""The turns family: conversations with an AI, turn by turn, what people thought of the answers, and where they got to."""

from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta

from contracts.events.envelope import Fact, Scalar

Milliseconds: TypeAlias = Annotated[int, Meta(ge=0)]
Count: TypeAlias = Annotated[int, Meta(ge=0)]


class TurnsFact(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope of the turns family: whose it was, and of which turn, conversation and journey; nobody is in it.

    ``subject`` is the pseudonym of a user id, or the id itself where the site's policy is plain. ``key`` is the caller's own id
    of the fact, where that is no UUID. ``turn``, ``conversation`` and ``journey`` are the caller's ids, ``step`` the journey's
    step and ``sequence`` the turn's place in its conversation; ``session`` is the pseudonym of a session id. ``model``,
    ``provider`` and ``prompt_version`` say what answered. ``prompt`` and ``response`` are texts, empty unless the policy names
    them. ``duration_ms`` is how long it took, in milliseconds whatever unit the caller had. ``props`` is everything else.
    """

    family: ClassVar[str] = "turns"

    subject: str = ""
    key: str = ""
    turn: str = ""
    conversation: str = ""
    journey: str = ""
    step: str = ""
    session: str = ""
    sequence: int | None = None
    model: str = ""
    provider: str = ""
    prompt_version: str = ""
    prompt: str = ""
    response: str = ""
    duration_ms: Milliseconds | None = None
    props: dict[str, Scalar] = {}  # noqa: RUF012  # msgspec copies it


class TurnStarted(TurnsFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="turn_started.v1"):
    """Somebody asked an AI something; ``retry`` counts the attempts before this one."""

    retry: Count = 0


class TurnCompleted(TurnsFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="turn_completed.v1"):
    """The AI answered after ``duration_ms``, with a text of ``response_chars`` characters."""

    retry: Count = 0
    response_chars: Count | None = None


class TurnFailed(TurnsFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="turn_failed.v1"):
    """No answer came: ``error`` is its class, such as ``timeout``, and ``message`` its words, redacted."""

    retry: Count = 0
    error: str = ""
    message: str = ""


class VoteCast(TurnsFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="vote_cast.v1"):
    """Somebody said what they think of a turn: above zero is for it, below is against it; ``comment`` is redacted.

    ``value`` is None where nothing was given that is a number. ``duration_ms`` is how long the turn had taken.
    """

    value: int | float | None = None
    comment: str = ""


class ConversationStarted(
    TurnsFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="conversation_started.v1"
):
    """A conversation with an AI began."""


class ConversationEnded(
    TurnsFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="conversation_ended.v1"
):
    """A conversation ended: ``outcome`` is the caller's word for how, ``messages`` how many it had."""

    outcome: str = ""
    messages: Count | None = None


class JourneyStepCompleted(
    TurnsFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="journey_step_completed.v1"
):
    """Somebody got through ``step`` of ``journey``; ``is_last`` where the journey was completed with it."""

    is_last: bool = False


class RegenerationRequested(
    TurnsFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="regeneration_requested.v1"
):
    """Somebody wanted another answer; ``reason`` is redacted."""

    reason: str = ""


class FrustrationDetected(
    TurnsFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="frustration_detected.v1"
):
    """Somebody seems annoyed; ``reason`` is redacted."""

    reason: str = ""


class ConversationActionRecorded(
    TurnsFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="conversation_action_recorded.v1"
):
    """Something else happened around a conversation: ``name`` is what the caller calls it, ``action`` a closer word.

    ``value`` and ``comment`` are what somebody thought of it, as in VoteCast; such a rating is no vote on a turn.
    """

    name: str
    action: str = ""
    value: int | float | None = None
    comment: str = ""


TurnEvent: TypeAlias = (
    TurnStarted
    | TurnCompleted
    | TurnFailed
    | VoteCast
    | ConversationStarted
    | ConversationEnded
    | JourneyStepCompleted
    | RegenerationRequested
    | FrustrationDetected
    | ConversationActionRecorded
)
FACTS: tuple[type[TurnsFact], ...] = (
    TurnStarted,
    TurnCompleted,
    TurnFailed,
    VoteCast,
    ConversationStarted,
    ConversationEnded,
    JourneyStepCompleted,
    RegenerationRequested,
    FrustrationDetected,
    ConversationActionRecorded,
)
