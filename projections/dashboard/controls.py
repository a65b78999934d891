"""The controls above the numbers: period, what it is compared with, time zone, whose facts, and the filters that are on."""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from projections.dashboard.links import PageState
from projections.dashboard.mended import Wrong
from projections.dashboard.panels.rows import name_of
from projections.dashboard.typed import HOW, Typed
from projections.dashboard.words import days_in_words, interval_in_words
from projections.query.compared import Compare
from projections.query.dimensions import Dimension
from projections.query.kept_by import KEPT_BY
from projections.query.operators import WORDS
from projections.query.parameters import Who
from projections.query.periods import Period, default_interval, fitting_intervals
from projections.query.properties import dimension_named

PERIODS: tuple[tuple[Period, str, str], ...] = (
    (Period.TODAY, "Today", "Today"),
    (Period.YESTERDAY, "Yesterday", "Yesterday"),
    (Period.WEEK, "7 days", "Last 7 days"),
    (Period.THIRTY_DAYS, "30 days", "Last 30 days"),
    (Period.NINETY_DAYS, "90 days", "Last 90 days"),
    (Period.MONTH, "Month", "This month"),
    (Period.LAST_MONTH, "Last month", "The month before this one"),
    (Period.YEAR, "Year", "This year"),
    (Period.TWELVE_MONTHS, "12 months", "Last 12 months"),
    (Period.ALL, "All", "From the first fact to today"),
)
_WHO: tuple[tuple[Who, str, str], ...] = (
    (Who.HUMAN, "Humans", "People only"),
    (Who.BOT, "Bots", "Robots only"),
    (Who.ALL, "All", "People and robots"),
)
_COMPARED: Final[tuple[tuple[Compare | None, str], ...]] = (
    (None, "Totals with the period before"),
    (Compare.PREVIOUS, "Everything with the period before"),
    (Compare.YEAR, "Everything with the year before"),
    (Compare.YEAR_WEEKDAYS, "The year before, by the same weekdays"),
    (Compare.NONE, "Nothing"),
)


class Choice(Struct, frozen=True, kw_only=True):
    """One of several links of which one is on."""

    title: str
    explained: str
    href: str
    is_on: bool


class Chip(Struct, frozen=True, kw_only=True):
    """One filter, the page without it, and the page with it the other way round."""

    dimension: str
    relation: str
    value: str
    href: str
    turned: str


class Compared(Struct, frozen=True, kw_only=True):
    """What the numbers are compared with: the choices, and the days of a comparison with others."""

    choices: list[Choice]
    first: str
    last: str
    in_words: str
    custom: bool
    fields: list[tuple[str, str]]


class Editor(Struct, frozen=True, kw_only=True):
    """The form that adds a filter, as somebody has left it."""

    dimensions: tuple[Dimension, ...]
    ways: list[tuple[str, str]]
    typed: Typed
    fields: list[tuple[str, str]]


class Controls(Struct, frozen=True, kw_only=True):
    """Everything that changes what the numbers are about; without ``fields_but_timezone`` there is no other zone."""

    periods: list[Choice]
    earlier: Choice | None
    later: Choice | None
    intervals: list[Choice]
    compared: Compared | None
    editor: Editor | None
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
    fields_but_timezone: list[tuple[str, str]] | None


def controls_of(now: PageState, *, below: str = "", wrong: Wrong | None = None, typed: Typed | None = None) -> Controls:
    """Return the controls of the page in the state *now*, or of the page of the dimension *below* it.

    They say what was *wrong*, and show the filter that was *typed* again where it could not be read.
    """
    state = now.at(0)
    return Controls(
        periods=[
            Choice(title=title, explained=explained, href=state.during(period).href(below=below), is_on=period is state.period)
            for period, title, explained in PERIODS
        ],
        earlier=_step(state, below, "Earlier", back=True),
        later=_step(state, below, "Later", back=False),
        intervals=_intervals(state, below),
        compared=_compared(state, below),
        editor=_editor(state, below, typed or Typed()),
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
        fields_but_period=_but(state.fields(below=below), "interval"),
        fields_but_timezone=[*state.period_fields(), *_but(state.fields(below=below), "timezone")],
    )


def of_days_alone(shown: Controls) -> Controls:
    """Return those of *shown* that say which days are asked about: of a page without visits."""
    return replace(shown, who=[], chips=[], intervals=[], compared=None, editor=None)


def _but(fields: list[tuple[str, str]], *names: str) -> list[tuple[str, str]]:
    return [field for field in fields if field[0] not in names]


def _step(state: PageState, below: str, title: str, *, back: bool) -> Choice | None:
    there = state.stepped(back=back)
    if there is None:
        return None
    return Choice(title=title, explained=days_in_words(there.days), href=there.href(below=below), is_on=False)


def _intervals(state: PageState, below: str) -> list[Choice]:
    shown = state.interval or default_interval(state.days)
    return [
        Choice(
            title=interval_in_words(one).capitalize(),
            explained=f"By {interval_in_words(one)}",
            href=state.by(one).href(below=below),
            is_on=one is shown,
        )
        for one in fitting_intervals(state.days)
    ]


def _compared(state: PageState, below: str) -> Compared:
    days = state.against or state.other
    return Compared(
        choices=[
            Choice(title=title, explained=title, href=state.compared(compare).href(below=below), is_on=compare is state.compare)
            for compare, title in _COMPARED
        ],
        first=days.first.isoformat() if days else "",
        last=days.last.isoformat() if days else "",
        in_words=days_in_words(state.other) if state.other and state.compare is not None else "",
        custom=state.compare is Compare.CUSTOM,
        fields=[
            *state.period_fields(),
            *_but(state.fields(below=below), "compare", "compare_from", "compare_to"),
        ],
    )


def _editor(state: PageState, below: str, typed: Typed) -> Editor:
    return Editor(
        dimensions=tuple(dict.fromkeys((*KEPT_BY, *_properties(state, below)))),
        ways=list(HOW.items()),
        typed=typed,
        fields=[*state.period_fields(), *state.fields(below=below)],
    )


def _properties(state: PageState, below: str) -> list[Dimension]:
    """Return the properties that the page speaks of, which are in no list: its own, and those it is filtered by."""
    shown = dimension_named(below.rpartition("/")[2])
    return [one for one in (shown, *(each.dimension for each in state.filters)) if one is not None]


def _chips(state: PageState, below: str) -> list[Chip]:
    return [
        Chip(
            dimension=one.dimension.title,
            relation=WORDS[one.operator].is_not_so if one.negated else WORDS[one.operator].is_so,
            value=name_of(one.dimension, one.value),
            href=state.widened(one).href(below=below),
            turned=state.turned(one).href(below=below),
        )
        for one in state.filters
    ]
