"""The page of one dimension: its values with all their numbers, in any order, some at a time, to the last one."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.controls import Controls, controls_of
from projections.dashboard.links import PageState
from projections.dashboard.pages.marks import Address, read_address
from projections.dashboard.panels.moved import Moved, moved
from projections.dashboard.panels.nothing import Nothing, nothing_of
from projections.dashboard.panels.rows import called, detail_columns, details_of, flag_of, name_of
from projections.dashboard.views import Views
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.dimensions import Dimension, Written
from projections.query.known_sites import reading_about
from projections.query.ordering import VALUE, Direction
from projections.query.question import WebQuestion, dimension_of
from projections.query.web.breakdown import ValueRow, breakdown, count_visitors, order_of
from projections.query.web.emptiness import why_empty

ROWS = 100


class Entry(Struct, frozen=True, kw_only=True):
    """One value as it is shown."""

    name: str
    flag: str
    href: str | None
    bar: float
    numbers: tuple[str, ...]
    moved: Moved | None


class Head(Struct, frozen=True, kw_only=True):
    """The head of a column: the way to the rows by it, if they can be sorted so, and which end of it comes first now."""

    title: str
    href: str | None
    is_sorted: str


class Paging(Struct, frozen=True, kw_only=True):
    """The numbers of the first and the last row that are shown, and the ways to others, where there are any."""

    first: int
    last: int
    to_first: str
    to_previous: str
    to_next: str


class ValuesPage(Struct, frozen=True, kw_only=True):
    """What the page shows."""

    state: PageState
    controls: Controls
    dimension: Dimension
    heads: list[Head]
    is_compared: bool
    entries: list[Entry]
    paging: Paging
    nothing: Nothing | None
    csv: str
    search_fields: list[tuple[str, str]]
    unsearched: str


@get("/sites/{site:str}/{dimension:str}", include_in_schema=False)
async def show_values(
    *,
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
    dimension: FromPath[str],
) -> Response[Any]:
    """Show the values of one dimension, a page of them at a time."""
    named = dimension_of(dimension)
    address = await read_address(desk, caller, request, site, check=lambda question: order_of(question, named))
    asked = replace(address.question, limit=ROWS)
    state = replace(address.state, ordering=asked.ordering, search=asked.search)
    if address.leads_on:
        return Redirect(state.at(0).href(below=named.name), status_code=303)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        if question.site != asked.site:
            return Redirect(replace(state, site=question.site).href(below=named.name), status_code=303)
        page = await _compose(connection, question, named, replace(address, state=state))
    return address.page(views.render("values.html", page=page))


async def _compose(connection: AsyncConnection, question: WebQuestion, dimension: Dimension, address: Address) -> ValuesPage:
    state, below = address.state, dimension.name
    visitors = await count_visitors(connection, question)
    answer = await breakdown(connection, question, dimension, visitors=visitors, called=called(dimension, question.search))
    most = max((row.visitors for row in answer.rows), default=1) or 1
    # What a country is called is known here alone, and its table has room for all of them.
    is_named = dimension.written is Written.COUNTRY
    return ValuesPage(
        state=state,
        controls=controls_of(state, below=below, wrong=address.wrong, typed=address.typed),
        dimension=dimension,
        heads=_heads(state, dimension),
        is_compared=question.asked_beside is not None,
        entries=[_entry(row, dimension, state, most) for row in answer.rows],
        paging=_paging(state, below, len(answer.rows), more=answer.more),
        nothing=None if answer.rows else await _nothing(connection, question, state, dimension, visitors=visitors),
        csv=(state.searching("") if is_named else state).api(f"breakdown/{below}.csv"),
        search_fields=[*state.period_fields(), *state.searching("").fields(below=below)],
        unsearched=state.searching("").href(below=below),
    )


def _heads(state: PageState, dimension: Dimension) -> list[Head]:
    now = state.ordering
    columns = [(VALUE, dimension.title), *detail_columns(dimension)]
    ends = {Direction.ASCENDING: "ascending", Direction.DESCENDING: "descending"}
    return [
        Head(
            title=title,
            href=state.sorted_by(name).href(below=dimension.name) if name else None,
            is_sorted=ends[now.direction] if name == now.sort else "",
        )
        for name, title in columns
    ]


def _paging(state: PageState, below: str, rows: int, *, more: bool) -> Paging:
    offset = state.ordering.offset
    return Paging(
        first=offset + 1,
        last=offset + rows,
        to_first=state.at(0).href(below=below) if offset else "",
        to_previous=state.at(offset - ROWS).href(below=below) if offset and rows else "",
        to_next=state.at(offset + ROWS).href(below=below) if more else "",
    )


async def _nothing(
    connection: AsyncConnection, question: WebQuestion, state: PageState, dimension: Dimension, *, visitors: int
) -> Nothing:
    below = dimension.name
    if question.ordering.offset:
        return Nothing(
            words="There are not as many values as that.", title="Show the first", href=state.at(0).href(below=below)
        )
    if question.search:
        href = state.searching("").href(below=below)
        return Nothing(words="No value in this period contains that.", title="Show all", href=href)
    if visitors:
        return Nothing(words="Nothing in this period.")
    return nothing_of(await why_empty(connection, question), state, below=below)


def _entry(row: ValueRow, dimension: Dimension, state: PageState, most: int) -> Entry:
    narrower = state.narrowed(dimension, row.value)
    return Entry(
        name=name_of(dimension, row.value),
        flag=flag_of(dimension, row.value),
        href=narrower.href() if narrower else None,
        bar=round(100 * row.visitors / most, 1),
        numbers=details_of(row, dimension),
        moved=moved(row.compared),
    )
