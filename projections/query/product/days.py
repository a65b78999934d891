"""Cut: the whole UTC days of a span, in which everything is counted already, and its ends, which are looked at row by row."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from msgspec import Struct

_DAY = timedelta(days=1)
# Nothing happened before or after (see FIRST_YEAR and LAST_YEAR of the contracts).
_BEGINNING, _END = datetime(1900, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)


class End(NamedTuple):
    """A part of a day, from ``since`` up to, and not including, ``until``; both are the same where there is none."""

    since: datetime
    until: datetime


class Cut(Struct, frozen=True, kw_only=True):
    """A span: the days from ``first`` up to, and not including, ``last``, and what of it is before and behind them."""

    first: date
    last: date
    before: End
    behind: End

    def values(self) -> dict[str, Any]:
        """Return what IN_DAYS and AT_ENDS stand for."""
        return {
            "first": self.first,
            "last": self.last,
            "before_since": self.before.since,
            "before_until": self.before.until,
            "behind_since": self.behind.since,
            "behind_until": self.behind.until,
        }


IN_DAYS = "tenant = :tenant AND site = :site AND day >= :first AND day < :last"
# Each end is one reading of an index; either may be empty.
AT_ENDS = """tenant = :tenant AND site = :site AND (
    occurred_at >= :before_since AND occurred_at < :before_until OR occurred_at >= :behind_since AND occurred_at < :behind_until
)"""


def cut(since: datetime | None, until: datetime | None) -> Cut:
    """Return the span from *since* up to, and not including, *until* in days and ends; None has no bound."""
    begin, end = since or _BEGINNING, until or _END
    first, last = _midnight(begin - timedelta(microseconds=1)) + _DAY, _midnight(end)
    if first > last:
        return Cut(first=last.date(), last=last.date(), before=End(begin, max(begin, end)), behind=End(end, end))
    return Cut(first=first.date(), last=last.date(), before=End(begin, first), behind=End(last, end))


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
