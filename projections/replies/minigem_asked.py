"""What Minigem's read endpoints are asked: days, a limit, some hours; each read once, or refused with words of its shape."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from projections.query.asked import MAX_DAYS
from projections.query.product.report import Window

MOST_ROWS: Final = 500
MOST_HOURS: Final = 24 * 366
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


class Unreadable(Exception):
    """A parameter cannot be read; ``code`` and ``words`` say which, and what to write instead."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


def window_asked(values: Mapping[str, str], *, now: datetime, days: int) -> Window:
    """Return the days from ``from`` to ``to``, or the last *days* where neither is there; raise Unreadable."""
    if "from" not in values and "to" not in values:
        return Window(first=now.date() - timedelta(days=days - 1), last=now.date(), now=now)
    first, last = _day(values.get("from", "")), _day(values.get("to", ""))
    if first is None or last is None or first > last or (last - first).days >= MAX_DAYS:
        words = f"Give both from and to, as days such as 2026-01-31, in order and at most {MAX_DAYS} days apart."
        raise Unreadable("bad_range", words)
    return Window(first=first, last=last, now=now)


def limit_asked(values: Mapping[str, str]) -> int:
    """Return how many rows are asked for, 50 unless something is said, and never over 500."""
    return min(_number(values.get("limit", "50"), "bad_limit", "limit"), MOST_ROWS)


def since_asked(values: Mapping[str, str], now: datetime) -> datetime:
    """Return the beginning of the last ``hours``, 24 unless something is said."""
    return now - timedelta(hours=min(_number(values.get("hours", "24"), "bad_hours", "hours"), MOST_HOURS))


def _day(text: str) -> date | None:
    if _DAY.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number(text: str, code: str, name: str) -> int:
    if _NUMBER.fullmatch(text) is None or int(text) < 1:
        raise Unreadable(code, f"Give {name} as a whole number from 1 on.")
    return int(text)
