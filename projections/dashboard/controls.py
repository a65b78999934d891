"""The controls above the numbers: period, time zone, whose facts, and the filters that are on."""

from msgspec import Struct

from projections.dashboard.links import PageState
from projections.dashboard.mended import Wrong
from projections.dashboard.panels.rows import name_of
from projections.dashboard.words import days_in_words
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
    wrong: Wrong | None
    path: str
    fields_but_period: list[tuple[str, str]]
    fields_but_timezone: list[tuple[str, str]]


def controls_of(state: PageState, *, below: str = "", wrong: Wrong | None = None) -> Controls:
    """Return the controls of the page in this *state*, or of the page of the dimension *below* it, saying what was *wrong*."""
    return Controls(
        periods=[
            Choice(title=title, explained=explained, href=state.during(period).href(below=below), is_on=period is state.period)
            for period, title, explained in _PERIODS
        ],
        who=[
            Choice(title=title, explained=explained, href=state.about(who).href(below=below), is_on=who is state.who)
            for who, title, explained in _WHO
        ],
        chips=_chips(state, below),
        unfiltered=state.unfiltered().href(below=below),
        custom=state.period is Period.CUSTOM,
        first=state.days.first.isoformat(),
        last=state.days.last.isoformat(),
        in_words=days_in_words(state.days),
        timezone=state.timezone,
        wrong=wrong,
        path=state.href(below=below).partition("?")[0],
        fields_but_period=state.fields(),
        fields_but_timezone=[*state.period_fields(), *(field for field in state.fields() if field[0] != "timezone")],
    )


def _chips(state: PageState, below: str) -> list[Chip]:
    return [
        Chip(
            dimension=one.dimension.title,
            relation="is not" if one.negated else "is",
            value=name_of(one.dimension, one.value),
            href=state.widened(one).href(below=below),
        )
        for one in state.filters
    ]
