"""WebQuestion: what somebody wants to know about web sites, parsed once at the door; everything after trusts it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from projections.query.asked import Asked, days_between, parse_asked
from projections.query.caller import Caller
from projections.query.compared import Compare, other_span
from projections.query.dimensions import Dimension
from projections.query.filters import Filter, parse_filters
from projections.query.metrics import METRIC_NAMED, Metric
from projections.query.ordering import MAX_OFFSET, Direction, Ordering, usual_direction
from projections.query.parameters import QUESTION_PARAMETERS, Who, one_of
from projections.query.periods import MAX_BUCKETS, Days, Interval, Span, bucket_count, default_interval
from projections.query.problems import bad_parameter, not_found
from projections.query.properties import KNOWN_DIMENSIONS, dimension_named

MAX_LIMIT: Final = 1000
MAX_SEARCH: Final = 200
_COMPARED_DAYS: Final = ("compare_from", "compare_to")
_PARAMETERS = {parameter.name: parameter for parameter in QUESTION_PARAMETERS}


class WebQuestion(Asked, frozen=True, kw_only=True):
    """Whose visits and pageviews are asked for, which of them are kept, how they are to be cut and what they are compared with.

    Without ``compare`` an overview is compared with the period before, and nothing else with anything; ``against`` are the days
    of one that was chosen. One that ``names_interval`` has said itself how wide a bucket is. ``number`` is the site's in
    the tables that are read, where it is known.
    """

    who: Who
    filters: tuple[Filter, ...]
    limit: int
    interval: Interval
    metric: Metric
    ordering: Ordering = Ordering()
    search: str = ""
    compare: Compare | None = None
    against: Days | None = None
    names_interval: bool = True
    number: int | None = None

    @property
    def other(self) -> Span | None:
        """Return the instants that an overview is compared with, None for none."""
        compare = Compare.PREVIOUS if self.compare is None else self.compare
        return other_span(compare, self.days, self.zone, self.now, against=self.against)

    @property
    def asked_beside(self) -> Span | None:
        """Return the instants whose numbers every answer is to carry beside its own, None where nobody has asked for that."""
        return None if self.compare is None else self.other


def parse_question(values: Mapping[str, list[str]], *, caller: Caller, sites: tuple[str, ...], now: datetime) -> WebQuestion:
    """Return the question in *values*, or raise Refused, which names the first parameter that is wrong."""
    asked = parse_asked(values, caller=caller, sites=sites, now=now)
    compare, against = _compared(values)
    interval = one_of(_PARAMETERS["interval"], values)
    return WebQuestion(
        caller=asked.caller,
        sites=asked.sites,
        period=asked.period,
        days=asked.days,
        timezone=asked.timezone,
        now=asked.now,
        names_zone=asked.names_zone,
        who=Who(one_of(_PARAMETERS["who"], values)),
        filters=parse_filters(values.get("filter", [])),
        compare=compare,
        against=against,
        limit=_whole(one_of(_PARAMETERS["limit"], values), "limit", 1, MAX_LIMIT),
        ordering=_ordering(values),
        search=_search(one_of(_PARAMETERS["search"], values)),
        interval=fitting_interval(Interval(interval) if interval else None, asked.days),
        names_interval=bool(interval),
        metric=METRIC_NAMED[one_of(_PARAMETERS["metric"], values)],
    )


def dimension_of(name: str) -> Dimension:
    """Return the dimension of that *name*, or raise Refused."""
    dimension = dimension_named(name)
    if dimension is None:
        raise not_found(f"There is no such dimension. Ask for one of {KNOWN_DIMENSIONS}.")
    return dimension


def fitting_interval(named: Interval | None, days: Days) -> Interval:
    """Return the interval that was *named*, else what shows *days* best; raise Refused where there were too many buckets."""
    interval = named or default_interval(days)
    if bucket_count(days, interval) > MAX_BUCKETS:
        raise bad_parameter("interval", f"The period has too many buckets of that width. Ask for at most {MAX_BUCKETS}.")
    return interval


def _compared(values: Mapping[str, list[str]]) -> tuple[Compare | None, Days | None]:
    named = one_of(_PARAMETERS["compare"], values)
    if named == Compare.CUSTOM:
        return Compare.CUSTOM, days_between(*_COMPARED_DAYS, values)
    if field := next((name for name in _COMPARED_DAYS if any(values.get(name, ()))), None):
        raise bad_parameter(field, "Only compare=custom takes compare_from and compare_to. Add it, or leave this out.")
    return Compare(named) if named else None, None


def _ordering(values: Mapping[str, list[str]]) -> Ordering:
    sort, order = one_of(_PARAMETERS["sort"], values), one_of(_PARAMETERS["order"], values)
    return Ordering(
        sort=sort,
        direction=Direction(order) if order else usual_direction(sort),
        offset=_whole(one_of(_PARAMETERS["offset"], values), "offset", 0, MAX_OFFSET),
    )


def _search(text: str) -> str:
    if len(text) > MAX_SEARCH:
        raise bad_parameter("search", f"The text is too long. Send at most {MAX_SEARCH} characters.")
    return text


def _whole(text: str, field: str, least: int, most: int) -> int:
    # isdecimal alone takes Arabic digits, and int() takes very long ones.
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise bad_parameter(field, f"Send a whole number from {least} to {most}.")
    return int(text)
