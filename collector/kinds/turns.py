"""The turns family: what is claimed of a conversation with an AI, and what of it may be stored."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from collector.hit import Claim, Hit
from collector.kinds.content import id_of_content
from collector.kinds.kind import SUBJECTS, Kind
from collector.privacy.enrich.lists import Lists
from collector.privacy.identity import Identity
from collector.privacy.redact import clean, holds_somebody
from collector.privacy.remains import Remains
from collector.privacy.text import cut, printable
from contracts.events import (
    ConversationActionRecorded,
    ConversationEnded,
    ConversationStarted,
    FrustrationDetected,
    JourneyStepCompleted,
    RegenerationRequested,
    TurnCompleted,
    TurnEvent,
    TurnFailed,
    TurnStarted,
    VoteCast,
)

ID_BYTES: Final = 256
WORD_BYTES: Final = 120
# As the policies of sites name them.
PROMPT, RESPONSE = "promptText", "aiResponse"
_EARLIEST = timedelta(days=-3653)
_LATEST = timedelta(minutes=5)
# What an item calls people, as it came.
Ids: TypeAlias = tuple[str, ...]


class TurnsClaim(Claim, frozen=True, kw_only=True):
    """Who did it, and around which turn, conversation and journey; ids and texts are as they came.

    ``others`` is what else the item calls somebody. ``key`` is the caller's own id of the item, and ``content`` a digest of all
    of it where it has none, but a time of its own.
    """

    user: str
    others: tuple[str, ...] = ()
    key: str = ""
    content: str = ""
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
    duration_ms: int | None = None
    props: dict[str, Any] = {}  # noqa: RUF012  # msgspec copies it

    @property
    def ids(self) -> Ids:
        """Return the raw ids of people, which may stand anywhere else, too."""
        return tuple(filter(None, (self.user, self.session, *self.others)))


class TurnStartedClaim(TurnsClaim, frozen=True, kw_only=True):
    """Somebody asked an AI something."""

    retry: int = 0


class TurnCompletedClaim(TurnsClaim, frozen=True, kw_only=True):
    """The AI answered."""

    retry: int = 0
    response_chars: int | None = None


class TurnFailedClaim(TurnsClaim, frozen=True, kw_only=True):
    """No answer came."""

    retry: int = 0
    error: str = ""
    message: str = ""


class VoteClaim(TurnsClaim, frozen=True, kw_only=True):
    """Somebody said what they think of a turn."""

    value: int | float | None = None
    comment: str = ""


class ConversationStartedClaim(TurnsClaim, frozen=True, kw_only=True):
    """A conversation began."""


class ConversationEndedClaim(TurnsClaim, frozen=True, kw_only=True):
    """A conversation ended."""

    outcome: str = ""
    messages: int | None = None


class JourneyStepClaim(TurnsClaim, frozen=True, kw_only=True):
    """Somebody got through a step of a journey."""

    is_last: bool = False


class RegenerationClaim(TurnsClaim, frozen=True, kw_only=True):
    """Somebody wanted another answer."""

    reason: str = ""


class FrustrationClaim(TurnsClaim, frozen=True, kw_only=True):
    """Somebody seems annoyed."""

    reason: str = ""


class ActionClaim(TurnsClaim, frozen=True, kw_only=True):
    """Something else happened, which the caller calls ``name``."""

    name: str
    action: str = ""
    value: int | float | None = None
    comment: str = ""


def happened_at(hit: Hit) -> datetime:
    """Return when it happened; a time ahead of ours, or of more than ten years ago, is a wrong clock and means "now"."""
    if hit.occurred_at is None:
        return hit.received_at
    if hit.batch is not None or _EARLIEST <= hit.occurred_at - hit.received_at <= _LATEST:
        return hit.occurred_at
    return hit.received_at


def fact(claim: TurnsClaim, envelope: dict[str, Any], remains: Remains, _: Lists) -> TurnEvent:
    """Return *claim* as a fact: pseudonyms for people, texts only where the policy names them, and no remark unredacted."""
    identity, ids = remains.identity, claim.ids
    own = {name: _cleaned(name, getattr(claim, name), ids, identity) for name in _OWN[type(claim)]}
    return _FACTS[type(claim)](**envelope | _shared(claim, envelope, ids, identity), **own)


def _cleaned(name: str, value: Any, ids: Ids, identity: Identity) -> Any:
    if not value or not isinstance(value, str):
        return value
    if name in _REMARKS:
        return identity.subject(value) if value in ids else identity.comment(value)
    return _word(value, ids, identity)


def _shared(claim: TurnsClaim, envelope: dict[str, Any], ids: Ids, identity: Identity) -> dict[str, Any]:
    """Return what every fact of the family may hold, by name; only what is there, for most of it mostly is not."""
    shared: dict[str, Any] = {
        "id": id_of_content(claim.content, envelope, identity),
        "subject": identity.subject(claim.user),
        "key": _kept_id(claim.key, ids, identity) if claim.key != envelope["id"] else "",
        "session": identity.subject(claim.session),
        "sequence": claim.sequence,
        "duration_ms": claim.duration_ms,
    }
    for name in _IDS:
        if said := getattr(claim, name):
            shared[name] = _kept_id(said, ids, identity)
    for name in _WORDS:
        if said := getattr(claim, name):
            shared[name] = _word(said, ids, identity)
    if claim.prompt:
        shared["prompt"] = identity.text(PROMPT, claim.prompt)
    if claim.response:
        shared["response"] = identity.text(RESPONSE, claim.response)
    if claim.props:
        shared["props"] = identity.props(claim.props, of=ids)
    return shared


def _kept_id(text: str, ids: Ids, identity: Identity) -> str:
    """Return an id of the caller's as it is, but as a pseudonym where it is a person's, or says by itself whose it is."""
    if not text:
        return ""
    if text in ids or "@" in text or holds_somebody(text):
        return identity.subject(text)
    return text if text.isascii() and text.isprintable() and len(text) <= ID_BYTES else cut(printable(text), ID_BYTES)


def _word(text: str, ids: Ids, identity: Identity) -> str:
    return identity.subject(text) if text in ids else clean(text, WORD_BYTES)


_FACTS: Final[Mapping[type[TurnsClaim], type[TurnEvent]]] = {
    TurnStartedClaim: TurnStarted,
    TurnCompletedClaim: TurnCompleted,
    TurnFailedClaim: TurnFailed,
    VoteClaim: VoteCast,
    ConversationStartedClaim: ConversationStarted,
    ConversationEndedClaim: ConversationEnded,
    JourneyStepClaim: JourneyStepCompleted,
    RegenerationClaim: RegenerationRequested,
    FrustrationClaim: FrustrationDetected,
    ActionClaim: ConversationActionRecorded,
}
# What each claim has beside that of every claim of the family; its fact calls it the same.
_OWN: Final = {
    claim: tuple(name for name in claim.__struct_fields__ if name not in TurnsClaim.__struct_fields__) for claim in _FACTS
}
_IDS: Final = ("turn", "conversation", "journey")
_WORDS: Final = ("step", "model", "provider", "prompt_version")
# What people, or the errors that they meet, say in words of their own; every other text is a name.
_REMARKS: Final = frozenset({"comment", "message", "reason"})
KIND: Final = Kind(claims=tuple(_FACTS), happened_at=happened_at, fact=fact, needs=SUBJECTS)
