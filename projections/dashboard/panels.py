"""The panels: how the rows of a breakdown become bars, names and links."""

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.countries import country_name, flag
from projections.dashboard.links import Place
from projections.dashboard.panel_kinds import PanelKind, open_dimension
from projections.dashboard.words import exactly, in_words, short
from projections.query.breakdown import Breakdown, Row, breakdown
from projections.query.dimensions import BY_NAME, Dimension, Of
from projections.query.parameters import Metric
from projections.query.question import Question
from projections.read_models.hits import Kind

ROWS = 9


class Tab(Struct, frozen=True, kw_only=True):
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


class Panel(Struct, frozen=True, kw_only=True):
    """One panel as it is shown."""

    name: str
    title: str
    caption: str
    tabs: list[Tab]
    columns: tuple[str, ...]
    lines: list[Line]
    nothing: str
    more: bool
    details: str
    csv: str


async def fill(connection: AsyncConnection, question: Question, kind: PanelKind, place: Place, *, visitors: int) -> Panel:
    """Answer what the open tab of a panel asks."""
    dimension = open_dimension(kind, place)
    answer = await breakdown(connection, replace(question, limit=ROWS), dimension, visitors=visitors)
    return Panel(
        name=kind.name,
        title=kind.title,
        caption=f"{dimension.title}: {dimension.meaning}",
        tabs=_tabs(kind, place, dimension),
        columns=columns_of(dimension),
        lines=lines_of(answer, dimension, place),
        nothing=kind.nothing if dimension.blank is None else "Nothing in this period.",
        more=answer.more,
        details=place.href(below=dimension.name),
        csv=place.api(f"breakdown/{dimension.name}.csv"),
    )


def columns_of(dimension: Dimension) -> tuple[str, ...]:
    """Return the headings of the numbers that a panel shows of *dimension*."""
    if dimension.of is Of.VISIT:
        return ("Visitors", "Share")
    return ("Visitors", "Events", "Share") if dimension.kind is Kind.EVENT else ("Visitors", "Views")


def lines_of(answer: Breakdown, dimension: Dimension, place: Place) -> list[Line]:
    """Return the rows of *answer* as they are shown."""
    longest = max((row.visitors for row in answer.rows), default=1) or 1
    return [_line(row, dimension, place, longest) for row in answer.rows]


def name_of(dimension: Dimension, value: str) -> str:
    """Return how *value* is written for people."""
    if not value:
        return dimension.blank or "Not known"
    match dimension.name:
        case "country":
            return country_name(value)
        case "device":
            return value.capitalize()
    return value


def flag_of(dimension: Dimension, value: str) -> str:
    """Return the flag that stands before *value*, "" where none does."""
    return flag(value) if dimension.name in ("country", "region") else ""


def details_of(row: Row, dimension: Dimension) -> tuple[str, ...]:
    """Return every number of *row*, in the order of detail_columns()."""
    if dimension.of is Of.HIT:
        return (exactly(row.visitors), f"{row.share:g}%", exactly(_hits(row, dimension)))
    return (
        exactly(row.visitors),
        f"{row.share:g}%",
        exactly(_number(row.visits)),
        in_words(Metric.BOUNCE_RATE, _number(row.bounce_rate)),
        in_words(Metric.VISIT_DURATION, _number(row.visit_duration)),
    )


def detail_columns(dimension: Dimension) -> tuple[str, ...]:
    """Return the headings of details_of()."""
    if dimension.of is Of.HIT:
        return ("Visitors", "Share", "Events" if dimension.kind is Kind.EVENT else "Pageviews")
    return ("Visitors", "Share", "Visits", "Bounce rate", "Duration")


def _tabs(kind: PanelKind, place: Place, dimension: Dimension) -> list[Tab]:
    names = frozenset(name for name, _ in kind.tabs)
    return [
        Tab(title=title, href=place.opening(BY_NAME[name], names).href(), is_open=name == dimension.name, key=f"tab-{name}")
        for name, title in kind.tabs
    ]


def _line(row: Row, dimension: Dimension, place: Place, longest: int) -> Line:
    narrower = place.narrowed(dimension, row.value)
    return Line(
        name=name_of(dimension, row.value),
        flag=flag_of(dimension, row.value),
        href=narrower.href() if narrower else None,
        bar=round(100 * row.visitors / longest, 1),
        numbers=_numbers(row, dimension),
        exact=f"{exactly(row.visitors)} visitors",
    )


def _numbers(row: Row, dimension: Dimension) -> tuple[str, ...]:
    visitors, share = short(row.visitors), f"{row.share:g}%"
    if dimension.of is Of.VISIT:
        return (visitors, share)
    hits = short(_hits(row, dimension))
    return (visitors, hits, share) if dimension.kind is Kind.EVENT else (visitors, hits)


def _hits(row: Row, dimension: Dimension) -> int:
    return int(_number(row.events if dimension.kind is Kind.EVENT else row.pageviews) or 0)


def _number(number: object) -> float | None:
    # UNSET, which marks the numbers that a row does not have, is no number.
    return number if isinstance(number, int | float) else None
