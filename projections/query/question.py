"""Question: what somebody wants to know, parsed once at the door; everything after trusts it."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Struct

from projections.query.dimensions import BY_NAME, Dimension
from projections.query.parameters import QUESTION_PARAMETERS, Metric, Who, one_of
from projections.query.periods import (
    Days,
    Interval,
    Period,
    Span,
    bucket_count,
    default_interval,
    named_days,
    previous_span,
    span_of,
)
from projections.query.problems import Refused, bad_parameter, not_found

MAX_FILTERS = 8
MAX_VALUE = 200
MAX_LIMIT = 1000
MAX_BUCKETS = 800
MAX_DAYS = 3660
_EARLIEST = date(1970, 1, 1)
_LATEST = date(2199, 12, 31)
_SITE = re.compile(r"[a-z0-9._-]{1,253}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FILTER = re.compile(r"(?P<name>[a-z_]{1,20})(?P<negated>!?):(?P<value>.*)")
_PARAMETERS = {parameter.name: parameter for parameter in QUESTION_PARAMETERS}


class Filter(Struct, frozen=True, kw_only=True):
    """Keep what has this value of the dimension or, negated, what has not; an empty value is "not known"."""

    dimension: Dimension
    value: str
    negated: bool = False

    def __str__(self) -> str:
        """Return the filter as it is written in an address."""
        return f"{self.dimension.name}{'!' if self.negated else ''}:{self.value}"


class Question(Struct, frozen=True, kw_only=True):
    """Which facts of which site are asked for, and how they are to be cut; ``now`` is the moment of asking."""

    tenant: str
    site: str
    period: Period
    days: Days
    timezone: str
    who: Who
    filters: tuple[Filter, ...]
    limit: int
    interval: Interval
    metric: Metric
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone that days begin in."""
        return ZoneInfo(self.timezone)

    @property
    def span(self) -> Span:
        """Return the instants that are asked about."""
        return span_of(self.days, self.zone)

    @property
    def previous(self) -> Span:
        """Return the instants to compare with."""
        return previous_span(self.days, self.zone, self.now)


def parse_question(values: Mapping[str, list[str]], *, tenant: str, site: str, now: datetime) -> Question:
    """Return the question in *values*, or raise Refused, which names the first parameter that is wrong."""
    timezone = _timezone(one_of(_PARAMETERS["timezone"], values))
    period = Period(one_of(_PARAMETERS["period"], values))
    days = _days(period, values, now.astimezone(ZoneInfo(timezone)).date())
    return Question(
        tenant=tenant,
        site=canonical_site(site),
        period=period,
        days=days,
        timezone=timezone,
        who=Who(one_of(_PARAMETERS["who"], values)),
        filters=_filters(values.get("filter", [])),
        limit=_limit(one_of(_PARAMETERS["limit"], values)),
        interval=_interval(one_of(_PARAMETERS["interval"], values), days),
        metric=Metric(one_of(_PARAMETERS["metric"], values)),
        now=now,
    )


def canonical_site(claimed: str) -> str:
    """Return the canonical name of a site, or raise Refused when no site can have that name."""
    site = claimed.lower()
    if not _SITE.fullmatch(site):
        raise not_found("A site is named like example.org: letters, digits, dots, dashes and underscores, at most 253.")
    return site


def dimension_of(name: str) -> Dimension:
    """Return the dimension of that *name*, or raise Refused."""
    if name not in BY_NAME:
        raise not_found(f"There is no such dimension. Ask for one of {', '.join(BY_NAME)}.")
    return BY_NAME[name]


@cache
def _timezones() -> frozenset[str]:
    # "localtime" is whatever the machine happens to have; an answer must not depend on it.
    return frozenset(available_timezones() - {"localtime"})


def _timezone(name: str) -> str:
    if name not in _timezones():
        raise bad_parameter("timezone", "The time zone is not known. Send an IANA name such as Europe/Oslo, or UTC.")
    return name


def _days(period: Period, values: Mapping[str, list[str]], today: date) -> Days:
    if period is not Period.CUSTOM:
        if field := next((name for name in ("from", "to") if any(values.get(name, ()))), None):
            raise bad_parameter(field, "Only period=custom takes from and to. Add it, or leave this out.")
        return named_days(period, today)
    days = Days(_date("from", values), _date("to", values))
    if days.last < days.first:
        raise bad_parameter("to", "The period ends before it begins. Send a day that is not before from.")
    if len(days) > MAX_DAYS:
        raise bad_parameter("to", f"The period is too long. Ask for at most {MAX_DAYS} days.")
    return days


def _date(field: str, values: Mapping[str, list[str]]) -> date:
    text = values.get(field, [""])[0]
    try:
        day = date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError as error:
        raise bad_parameter(field, "The day cannot be read. Send a day of the calendar as YYYY-MM-DD.") from error
    if not _EARLIEST <= day <= _LATEST:
        raise bad_parameter(field, f"The day is out of range. Send a day from {_EARLIEST} to {_LATEST}.")
    return day


def _filters(texts: list[str]) -> tuple[Filter, ...]:
    if len(texts) > MAX_FILTERS:
        raise bad_parameter("filter", f"There are too many filters. Send at most {MAX_FILTERS}.")
    return tuple(dict.fromkeys(_filter(text) for text in texts))


def _filter(text: str) -> Filter:
    parts = _FILTER.fullmatch(text)
    if parts is None or parts["name"] not in BY_NAME:
        raise _bad_filter(f"Write dimension:value or dimension!:value, where dimension is one of {', '.join(BY_NAME)}.")
    if len(parts["value"]) > MAX_VALUE:
        raise _bad_filter(f"The value is too long. Send at most {MAX_VALUE} characters.")
    return Filter(dimension=BY_NAME[parts["name"]], value=parts["value"], negated=bool(parts["negated"]))


def _bad_filter(detail: str) -> Refused:
    return bad_parameter("filter", detail)


def _limit(text: str) -> int:
    # isdecimal alone takes Arabic digits, and int() takes very long ones.
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= MAX_LIMIT):  # noqa: PLR2004  # of 1000
        raise bad_parameter("limit", f"Send a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def _interval(text: str, days: Days) -> Interval:
    interval = Interval(text) if text else default_interval(days)
    if bucket_count(days, interval) > MAX_BUCKETS:
        raise bad_parameter("interval", f"The period has too many buckets of that width. Ask for at most {MAX_BUCKETS}.")
    return interval
