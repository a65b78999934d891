"""Asked: the parameters of bilan-server's read endpoints, as its code and as its README spell them, or a plain 400."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from msgspec import Struct

from contracts.problem import Problem
from projections.query.problems import Refused

MOST_EVENTS: Final = 1000
MOST_PARAMETERS: Final = 40
LONGEST: Final = 1000
RANGES: Final[Mapping[str, timedelta | None]] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "365d": timedelta(days=365),
    "ALL": None,
}
USUAL_RANGE: Final = "30d"
MOST_DAYS: Final = 36_500
_DAY = timedelta(days=1)
_TICK = timedelta(milliseconds=1)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,15}")
# Seconds until the year 5138 lie below it, milliseconds from March 1973 on above.
_FIRST_MILLISECONDS = 100_000_000_000
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Times(Struct, frozen=True, kw_only=True):
    """The moments that are asked about, None for no bound, and the range as it was called."""

    since: datetime | None
    until: datetime | None
    called: str


def parameters(query: bytes) -> dict[str, str]:
    """Return the parameters in *query*, or raise Refused; those that nobody knows are ignored, as they were."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise bad("The query cannot be read. Percent-encode it as UTF-8, with at most 40 parameters.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise bad("A parameter is given more than once. Send it once.")
        if len(value) > LONGEST or "\0" in value:
            raise bad(f"A parameter is too long or holds a NUL. Send at most {LONGEST} characters of text.")
        found[name] = value
    return found


def bad(message: str) -> Refused:
    """Return the refusal of a parameter; *message* says what to send instead."""
    return wrong("Bad Request", message)


def wrong(error: str, message: str = "") -> Refused:
    """Return the refusal whose body says *error* and, where more is to be said, *message*."""
    return Refused(Problem(status=400, title=error, code="bad_parameter", detail=message))


def said(given: Mapping[str, str], *names: str) -> str:
    """Return the first value that is not empty under one of *names*, which mean the same; "" where there is none."""
    return next((given[name] for name in names if given.get(name)), "")


def whole_number(given: Mapping[str, str], name: str, *, usual: int, most: int) -> int:
    """Return the number under *name*, at most *most*; refuse what is not written as one."""
    text = given.get(name, "")
    if not text:
        return usual
    if not _NUMBER.fullmatch(text):
        raise bad(f"{name} must be a whole number that is not negative, such as {usual}.")
    return min(int(text), most)


def times_in(given: Mapping[str, str], now: datetime, *, usual: str = USUAL_RANGE) -> Times:
    """Return the moments that *given* means: by start and end, else by a number of days, else by a range with a name."""
    first, last = said(given, "start_date", "startDate"), said(given, "end_date", "endDate")
    if first or last:
        since = _moment(first, "start_date") if first else None
        return _in_order(since, _after(last) if last else None)
    if text := said(given, "days"):
        days = whole_number(given, "days", usual=0, most=MOST_DAYS)
        return Times(since=max(now - days * _DAY, _EARLIEST), until=None, called=f"{text}d")
    return _named(said(given, "timeRange", "time_range") or usual, now)


def between(given: Mapping[str, str], now: datetime) -> Times:
    """Return the moments from ``start`` to ``end``, which only count together; else those of times_in, by default all."""
    first, last = said(given, "start"), said(given, "end")
    if first and last:
        return _in_order(_moment(first, "start"), _moment(last, "end") + _TICK)
    return times_in(given, now, usual="ALL")


def _named(called: str, now: datetime) -> Times:
    if called not in RANGES:
        raise bad(f"timeRange must be one of {', '.join(RANGES)}.")
    length = RANGES[called]
    return Times(since=None if length is None else now - length, until=None, called=called)


def _in_order(since: datetime | None, until: datetime | None) -> Times:
    if since is not None and until is not None and until <= since:
        raise bad("The time ends before it begins. Send an end that is after the start.")
    return Times(since=since, until=until, called="custom")


def _after(text: str) -> datetime:
    """Return the moment up to which an end date reaches: a whole day is inside."""
    return _moment(text, "end_date") + (_DAY if _DATE.fullmatch(text) else _TICK)


def _moment(text: str, name: str) -> datetime:
    try:
        moment = _read_moment(text)
    except (ValueError, OverflowError):
        raise bad(f"{name} must be a day or a moment, such as 2024-01-31 or 2024-01-31T12:00:00Z.") from None
    if not _EARLIEST <= moment < _LATEST:
        raise bad(f"{name} is out of range. Send a moment from 1970 on.")
    return moment


def _read_moment(text: str) -> datetime:
    if _NUMBER.fullmatch(text):
        number = int(text)
        return _EARLIEST + timedelta(milliseconds=number if number >= _FIRST_MILLISECONDS else number * 1000)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
