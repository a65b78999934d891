"""The controls above the numbers: period, time zone, whose facts, and the filters that are on."""

from msgspec import Struct

from projections.dashboard.links import Place
from projections.dashboard.panels import name_of
from projections.query.parameters import Who
from projections.query.periods import Period

_PERIODS: tuple[tuple[Period, str, str], ...] = (
    (Period.TODAY, "Today", "Today"),
    (Period.YESTERDAY, "Yesterday", "Yesterday"),
    (Period.WEEK, "7 days", "Last 7 days"),
    (Period.THIRTY_DAYS, "30 days", "Last 30 days"),
    (Period.MONTH, "Month", "This month"),
    (Period.TWELVE_MONTHS, "12 months", "Last 12 months"),
    (Period.YEAR, "Year", "This year"),
)
_WHO: tuple[tuple[Who, str, str], ...] = (
    (Who.HUMAN, "Humans", "People only"),
    (Who.BOT, "Bots", "Robots only"),
    (Who.ALL, "All", "People and robots"),
)


class Choice(Struct, frozen=True, kw_only=True):
    """One of several links of which one is on."""

    title: str
    explained: str
    href: str
    is_on: bool


class Chip(Struct, frozen=True, kw_only=True):
    """One filter, and the page without it."""

    dimension: str
    relation: str
    value: str
    href: str


class Controls(Struct, frozen=True, kw_only=True):
    """Everything that changes what the numbers are about."""

    periods: list[Choice]
    who: list[Choice]
    chips: list[Chip]
    unfiltered: str
    custom: bool
    first: str
    last: str
    in_words: str
    timezone: str
    path: str
    fields_but_period: list[tuple[str, str]]
    fields_but_timezone: list[tuple[str, str]]


def controls_of(place: Place, *, below: str = "") -> Controls:
    """Return the controls of the page at *place*, or of the page of the dimension *below* it."""
    return Controls(
        periods=[
            Choice(title=title, explained=explained, href=place.during(period).href(below=below), is_on=period is place.period)
            for period, title, explained in _PERIODS
        ],
        who=[
            Choice(title=title, explained=explained, href=place.about(who).href(below=below), is_on=who is place.who)
            for who, title, explained in _WHO
        ],
        chips=_chips(place, below),
        unfiltered=place.unfiltered().href(below=below),
        custom=place.period is Period.CUSTOM,
        first=place.first.isoformat(),
        last=place.last.isoformat(),
        in_words=days_in_words(place),
        timezone=place.timezone,
        path=place.href(below=below).partition("?")[0],
        fields_but_period=place.fields(),
        fields_but_timezone=[*place.period_fields(), *(field for field in place.fields() if field[0] != "timezone")],
    )


def days_in_words(place: Place) -> str:
    """Return the days of *place* as people write them."""
    first, last = place.first, place.last
    if first == last:
        return f"{first:%a} {first.day} {first:%b %Y}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {first:%b}{year} to {last.day} {last:%b %Y}"


def _chips(place: Place, below: str) -> list[Chip]:
    return [
        Chip(
            dimension=one.dimension.title,
            relation="is not" if one.negated else "is",
            value=name_of(one.dimension, one.value),
            href=place.widened(one).href(below=below),
        )
        for one in place.filters
    ]
