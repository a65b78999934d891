"""Turn: what is known of one turn, and how two such values become one; commutative and associative, so order never matters."""

from datetime import datetime
from typing import TypeAlias, TypeVar

from msgspec import Struct

from contracts.events.turns import TurnCompleted, TurnFailed, TurnsFact, TurnStarted, VoteCast

# What a fact says of its turn, in the order of DESCRIBED; "" where it says nothing.
Words: TypeAlias = tuple[str, ...]
DESCRIBED = ("subject", "conversation", "journey", "step", "model", "provider", "prompt_version")
# What is a row of the table: not every fact that the family may have.
TurnFact: TypeAlias = TurnStarted | TurnCompleted | TurnFailed | VoteCast


class Begun(Struct, frozen=True, order=True):
    """That a turn was asked for: when, the fact's id to break a tie, and what was said of it."""

    at: datetime
    id: str
    words: Words


class Settled(Struct, frozen=True, order=True):
    """How a turn ended: when, the fact's id to break a tie, whether with an answer, its error, and how long it took."""

    at: datetime
    id: str
    answered: bool
    error: str
    words: Words
    duration_ms: int | None = None


class Turn(Struct, frozen=True, kw_only=True, gc=False):
    """One turn: how it began and ended, and the votes on it, which may have come before either.

    The earliest beginning and the latest end count. ``opened_at`` spans every fact.
    """

    opened_at: datetime
    begun: Begun | None = None
    settled: Settled | None = None
    ups: int = 0
    downs: int = 0
    votes: int = 0
    comments: int = 0

    @property
    def words(self) -> Words:
        """Return what is said of the turn: by its end, and where that is silent by its beginning."""
        first = self.begun.words if self.begun else _SILENCE
        last = self.settled.words if self.settled else _SILENCE
        return tuple(late or early for early, late in zip(first, last, strict=True))


_SILENCE: Words = ("",) * len(DESCRIBED)


def turn_of(event: TurnFact) -> Turn:
    """Return the turn of which nothing but *event* is known."""
    at = event.occurred_at
    match event:
        case TurnStarted():
            return Turn(opened_at=at, begun=Begun(at, event.id, described(event)))
        case TurnCompleted(duration_ms=duration):
            return Turn(opened_at=at, settled=Settled(at, event.id, True, "", described(event), duration))
        case TurnFailed(duration_ms=duration, error=error):
            return Turn(opened_at=at, settled=Settled(at, event.id, False, error, described(event), duration))
        case VoteCast(value=value, comment=comment):
            ups, downs = (0, 0) if value is None else (int(value > 0), int(value < 0))
            return Turn(opened_at=at, ups=ups, downs=downs, votes=int(value is not None), comments=int(bool(comment)))


def described(event: TurnsFact) -> Words:
    """Return what *event* says about DESCRIBED."""
    return tuple(getattr(event, name) for name in DESCRIBED)


def join(one: Turn, other: Turn) -> Turn:
    """Return the turn that has the facts of both."""
    return Turn(
        opened_at=min(one.opened_at, other.opened_at),
        begun=earlier(one.begun, other.begun),
        settled=later(one.settled, other.settled),
        ups=one.ups + other.ups,
        downs=one.downs + other.downs,
        votes=one.votes + other.votes,
        comments=one.comments + other.comments,
    )


_Moment = TypeVar("_Moment", Begun, Settled, datetime)


def earlier(one: _Moment | None, other: _Moment | None) -> _Moment | None:
    """Return the one that comes first, of those that there are."""
    if one is None or other is None:
        return one or other
    return min(one, other)


def later(one: _Moment | None, other: _Moment | None) -> _Moment | None:
    """Return the one that comes last, of those that there are."""
    if one is None or other is None:
        return one or other
    return max(one, other)
