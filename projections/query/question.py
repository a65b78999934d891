"""WebQuestion: what somebody wants to know about web sites, parsed once at the door; everything after trusts it."""

import re
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from projections.query.asked import Asked, parse_asked
from projections.query.caller import Caller
from projections.query.dimensions import DIMENSION_NAMED, GOAL, Dimension
from projections.query.metrics import METRIC_NAMED, Metric
from projections.query.parameters import QUESTION_PARAMETERS, Who, one_of
from projections.query.periods import Days, Interval, bucket_count, default_interval
from projections.query.problems import Refused, bad_parameter, not_found

MAX_FILTERS = 8
# Longer than anything that ingest stores; eight of them fit no address, but that is for the address to say.
MAX_VALUE = 4096
MAX_LIMIT = 1000
MAX_BUCKETS = 800
_FILTER = re.compile(r"(?P<name>[a-z_]{1,20})(?P<negated>!?):(?P<value>.*)", re.DOTALL)
_FILTERED_BY = DIMENSION_NAMED | {GOAL.name: GOAL}
_PARAMETERS = {parameter.name: parameter for parameter in QUESTION_PARAMETERS}


class Filter(Struct, frozen=True, kw_only=True):
    """Keep what has this value of the dimension or, negated, what has not; an empty value is "not known"."""

    dimension: Dimension
    value: str
    negated: bool = False

    def __str__(self) -> str:
        """Return the filter as it is written in an address."""
        return f"{self.dimension.name}{'!' if self.negated else ''}:{self.value}"


class WebQuestion(Asked, frozen=True, kw_only=True):
    """Whose visits and pageviews are asked for, which of them are kept, and how they are to be cut."""

    who: Who
    filters: tuple[Filter, ...]
    limit: int
    interval: Interval
    metric: Metric


def parse_question(values: Mapping[str, list[str]], *, caller: Caller, sites: tuple[str, ...], now: datetime) -> WebQuestion:
    """Return the question in *values*, or raise Refused, which names the first parameter that is wrong."""
    asked = parse_asked(values, caller=caller, sites=sites, now=now)
    return WebQuestion(
        caller=asked.caller,
        sites=asked.sites,
        period=asked.period,
        days=asked.days,
        timezone=asked.timezone,
        now=asked.now,
        who=Who(one_of(_PARAMETERS["who"], values)),
        filters=_filters(values.get("filter", [])),
        limit=_limit(one_of(_PARAMETERS["limit"], values)),
        interval=_interval(one_of(_PARAMETERS["interval"], values), asked.days),
        metric=METRIC_NAMED[one_of(_PARAMETERS["metric"], values)],
    )


def dimension_of(name: str) -> Dimension:
    """Return the dimension of that *name*, or raise Refused."""
    if name not in DIMENSION_NAMED:
        raise not_found(f"There is no such dimension. Ask for one of {', '.join(DIMENSION_NAMED)}.")
    return DIMENSION_NAMED[name]


def readable_filters(texts: list[str]) -> list[str]:
    """Return those of *texts* that are filters, as many as there may be."""
    return [text for text in texts if _is_filter(text)][:MAX_FILTERS]


def _is_filter(text: str) -> bool:
    try:
        _filter(text)
    except Refused:
        return False
    return True


def _filters(texts: list[str]) -> tuple[Filter, ...]:
    if len(texts) > MAX_FILTERS:
        raise bad_parameter("filter", f"There are too many filters. Send at most {MAX_FILTERS}.")
    return tuple(dict.fromkeys(_filter(text) for text in texts))


def _filter(text: str) -> Filter:
    parts = _FILTER.fullmatch(text)
    if parts is None or parts["name"] not in _FILTERED_BY:
        known = ", ".join(_FILTERED_BY)
        raise _bad_filter(f"Write dimension:value or dimension!:value, where dimension is one of {known}.")
    if len(parts["value"]) > MAX_VALUE:
        raise _bad_filter(f"The value is too long. Send at most {MAX_VALUE} characters.")
    return Filter(dimension=_FILTERED_BY[parts["name"]], value=parts["value"], negated=bool(parts["negated"]))


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
