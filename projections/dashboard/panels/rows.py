"""One panel: how the rows of a breakdown become bars, names and links."""

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.countries import codes_called, country_name, flag, language_name, languages_called
from projections.dashboard.links import PageState
from projections.dashboard.panels.kinds import PanelKind, open_dimension
from projections.dashboard.panels.moved import Moved, moved
from projections.dashboard.words import counted, exactly, in_words, short
from projections.query.dimensions import Dimension, Written
from projections.query.metrics import Unit
from projections.query.ordering import Ordering
from projections.query.parameters import Who
from projections.query.question import WebQuestion
from projections.query.sums import Of
from projections.query.web.breakdown import Breakdown, ValueRow, breakdown, row_metrics
from projections.read_models.hits import Kind

ROWS = 9


class TabLink(Struct, frozen=True, kw_only=True):
    """A way to another dimension of the panel."""

    title: str
    href: str
    is_open: bool
    key: str


class Line(Struct, frozen=True, kw_only=True):
    """One row as it is shown; ``bar`` is in percent of the longest."""

    name: str
    flag: str
    href: str | None
    bar: float
    numbers: tuple[str, ...]
    exact: str
    moved: Moved | None


class Panel(Struct, frozen=True, kw_only=True):
    """One panel as it is shown."""

    name: str
    title: str
    caption: str
    tabs: list[TabLink]
    columns: tuple[str, ...]
    is_compared: bool
    lines: list[Line]
    nothing: str
    more: bool
    details: str
    csv: str


async def fill(
    connection: AsyncConnection, question: WebQuestion, kind: PanelKind, state: PageState, *, visitors: int
) -> Panel:
    """Answer what the open tab of a panel asks."""
    dimension = open_dimension(kind, state)
    # The order, the rows and the words of a list belong to its own page.
    listed = replace(question, limit=ROWS, ordering=Ordering(), search="")
    answer = await breakdown(connection, listed, dimension, visitors=visitors)
    return Panel(
        name=kind.name,
        title=kind.title,
        caption=f"{dimension.title}: {dimension.meaning}",
        tabs=_tabs(kind, state, dimension),
        columns=_columns(dimension),
        is_compared=question.asked_beside is not None,
        lines=_lines(answer, state),
        nothing=_nothing(kind, dimension, state),
        more=answer.more,
        details=state.href(below=dimension.name),
        csv=state.api(f"breakdown/{dimension.name}.csv"),
    )


def name_of(dimension: Dimension, value: str) -> str:
    """Return how *value* is written for people."""
    if not value:
        return dimension.blank or "Not known"
    match dimension.written:
        case Written.COUNTRY:
            return country_name(value)
        case Written.LANGUAGE:
            return language_name(value)
        case Written.CAPITALISED:
            return value.capitalize()
    return value


def flag_of(dimension: Dimension, value: str) -> str:
    """Return the flag that stands before *value*, "" where none does."""
    return flag(value) if dimension.written in (Written.COUNTRY, Written.REGION) else ""


def called(dimension: Dimension, text: str) -> tuple[str, ...]:
    """Return the values of *dimension* that people know by a name which contains *text*, though they do not."""
    called = {Written.COUNTRY: codes_called, Written.LANGUAGE: languages_called}.get(dimension.written)
    return called(text) if called and text else ()


def details_of(row: ValueRow, dimension: Dimension) -> tuple[str, ...]:
    """Return every number of *row*, in the order of detail_columns(); counts in full."""
    numbers = ((metric.unit, row.numbers[metric.name]) for metric in row_metrics(dimension))
    written = (exactly(number) if unit is Unit.COUNT else in_words(unit, number) for unit, number in numbers)
    return (exactly(row.visitors), f"{row.share:g}%", *written)


def detail_columns(dimension: Dimension) -> list[tuple[str, str]]:
    """Return the headings of details_of(), each behind the name that sorts rows by it, "" where there is none."""
    others = ((metric.name, metric.column or metric.title) for metric in row_metrics(dimension))
    return [("visitors", "Visitors"), ("", "Share"), *others]


def _columns(dimension: Dimension) -> tuple[str, ...]:
    if dimension.of is Of.VISIT:
        return ("Visitors", "Share")
    return ("Visitors", "Events", "Rate") if dimension.kind is Kind.EVENT else ("Visitors", "Views")


def _nothing(kind: PanelKind, dimension: Dimension, state: PageState) -> str:
    if state.filters:
        return "Nothing in this period that fits the filters."
    # How more could be seen is advice for people's visits; robots do as they like.
    advice = (dimension.tab.nothing if dimension.tab else "") or kind.nothing
    return advice if dimension.blank is None and state.who is Who.HUMAN else "Nothing in this period."


def _tabs(kind: PanelKind, state: PageState, opened: Dimension) -> list[TabLink]:
    tabs = kind.dimensions()
    names = frozenset(dimension.name for dimension, _ in tabs)
    return [
        TabLink(
            title=tab.title,
            href=state.opening(dimension, names).href(),
            is_open=dimension is opened,
            key=f"tab-{dimension.name}",
        )
        for dimension, tab in tabs
    ]


def _lines(answer: Breakdown, state: PageState) -> list[Line]:
    longest = max((row.visitors for row in answer.rows), default=1) or 1
    return [_line(row, answer.dimension, state, longest) for row in answer.rows]


def _line(row: ValueRow, dimension: Dimension, state: PageState, longest: int) -> Line:
    narrower = state.narrowed(dimension, row.value)
    return Line(
        name=name_of(dimension, row.value),
        flag=flag_of(dimension, row.value),
        href=narrower.href() if narrower else None,
        bar=round(100 * row.visitors / longest, 1),
        numbers=_numbers(row, dimension),
        exact=counted(row.visitors, "visitor"),
        moved=moved(row.compared),
    )


def _numbers(row: ValueRow, dimension: Dimension) -> tuple[str, ...]:
    visitors, share = short(row.visitors), f"{row.share:g}%"
    if dimension.of is Of.VISIT:
        return (visitors, share)
    return (visitors, *(in_words(metric.unit, row.numbers[metric.name]) for metric in row_metrics(dimension)))
