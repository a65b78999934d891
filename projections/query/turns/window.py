"""Window: which facts of turns are asked for: a site's, from when until when, of whom and of which conversation."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Window(Struct, frozen=True, kw_only=True):
    """Facts of *site* that happened at or after ``since`` and before ``until``; an absent bound, and a "" leave all in.

    ``subjects`` are the pseudonyms that one person may have, None for everybody.
    """

    tenant: str
    site: str
    since: datetime | None = None
    until: datetime | None = None
    subjects: tuple[str, ...] | None = None
    conversation: str = ""

    @property
    def is_narrow(self) -> bool:
        """Say whether it is of some people or of one conversation, which an index finds and nothing is added up for."""
        return self.subjects is not None or bool(self.conversation)

    def where(self, *, at: str = "occurred_at", conversation: str = "conversation = :conversation", mark: str = "") -> str:
        """Return the condition on a table whose moments are in the column *at*; values() of this *mark* are its parameters."""
        parts = ["tenant = :tenant AND site = :site"]
        if self.since is not None:
            parts.append(f"{at} >= :since{mark}")
        if self.until is not None:
            parts.append(f"{at} < :until{mark}")
        if self.subjects is not None:
            parts.append("subject = ANY(CAST(:subjects AS text[]))")
        if self.conversation:
            parts.append(conversation)
        return " AND ".join(parts)

    def values(self, *, mark: str = "") -> dict[str, Any]:
        """Return the parameters of where()."""
        asked = {
            "tenant": self.tenant,
            "site": self.site,
            f"since{mark}": self.since,
            f"until{mark}": self.until,
            "subjects": None if self.subjects is None else list(self.subjects),
            "conversation": self.conversation or None,
        }
        return {name: value for name, value in asked.items() if value is not None}


class Pieces(Struct, frozen=True, kw_only=True):
    """A window in pieces: what lies in it of whole hours or days, and what is left of it before and behind these."""

    whole: Window | None
    edges: tuple[Window, ...]


def pieces_of(window: Window, length: timedelta) -> Pieces:
    """Return the pieces of *window*, whose whole is made of times as long as *length*; a narrow one has no whole."""
    if window.is_narrow:
        return Pieces(whole=None, edges=(window,))
    first = None if window.since is None else _floor(window.since + length - timedelta.resolution, length)
    last = None if window.until is None else _floor(window.until, length)
    if first is not None and last is not None and first >= last:
        return Pieces(whole=None, edges=(window,))
    front = replace(window, until=first) if window.since != first else None
    back = replace(window, since=last) if window.until != last else None
    return Pieces(whole=replace(window, since=first, until=last), edges=tuple(filter(None, (front, back))))


def gathered(
    pieces: Pieces, *, added_up: Callable[[str], str], told: Callable[[str], str], moment: str, **where: str
) -> tuple[str, dict[str, Any]]:
    """Return the query of the rows of all *pieces*, and its parameters.

    *added_up* and *told* return the query of such rows from what was added up, which is of the time in the column *moment*, and
    from what it was added up from, for which *where* is handed on.
    """
    queries = [told(edge.where(mark=f"_{number}", **where)) for number, edge in enumerate(pieces.edges)]
    asked: dict[str, Any] = {}
    for number, edge in enumerate(pieces.edges):
        asked |= edge.values(mark=f"_{number}")
    if pieces.whole is not None:
        queries.append(added_up(pieces.whole.where(at=moment)))
        asked |= pieces.whole.values()
    return "\nUNION ALL\n".join(queries), asked


def _floor(moment: datetime, length: timedelta) -> datetime:
    return moment.astimezone(UTC) - (moment - _EPOCH) % length
