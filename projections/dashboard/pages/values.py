"""The page of one dimension: all its values with all their numbers."""

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
from projections.dashboard.panels.nothing import Nothing, nothing_of
from projections.dashboard.panels.rows import detail_columns, details_of, flag_of, name_of
from projections.dashboard.views import Views
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.dimensions import Dimension
from projections.query.known_sites import reading_about
from projections.query.question import MAX_LIMIT, WebQuestion, dimension_of
from projections.query.web.breakdown import ValueRow, breakdown, count_visitors
from projections.query.web.emptiness import why_empty


class Entry(Struct, frozen=True, kw_only=True):
    """One value as it is shown."""

    name: str
    flag: str
    href: str | None
    bar: float
    numbers: tuple[str, ...]


class ValuesPage(Struct, frozen=True, kw_only=True):
    """What the page shows; ``more`` says that there are values which it has no room for."""

    state: PageState
    controls: Controls
    dimension: Dimension
    columns: tuple[str, ...]
    entries: list[Entry]
    more: bool
    nothing: Nothing | None
    csv: str


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
    """Show every value of one dimension, as many as an answer may hold."""
    named = dimension_of(dimension)
    address = await read_address(desk, caller, request, site)
    async with reading_about(desk.engine, address.question, desk.listing) as (connection, question):
        if question.site != address.question.site:
            return Redirect(replace(address.state, site=question.site).href(below=named.name), status_code=303)
        page = await _compose(connection, replace(question, limit=MAX_LIMIT), named, address)
    return address.page(views.render("values.html", page=page))


async def _compose(connection: AsyncConnection, question: WebQuestion, dimension: Dimension, address: Address) -> ValuesPage:
    state = address.state
    visitors = await count_visitors(connection, question)
    answer = await breakdown(connection, question, dimension, visitors=visitors)
    most = max((row.visitors for row in answer.rows), default=1) or 1
    return ValuesPage(
        state=state,
        controls=controls_of(state, below=dimension.name, wrong=address.wrong),
        dimension=dimension,
        columns=detail_columns(dimension),
        entries=[_entry(row, dimension, state, most) for row in answer.rows],
        more=answer.more,
        nothing=None if answer.rows else await _nothing(connection, question, state, dimension, visitors=visitors),
        csv=state.api(f"breakdown/{dimension.name}.csv"),
    )


async def _nothing(
    connection: AsyncConnection, question: WebQuestion, state: PageState, dimension: Dimension, *, visitors: int
) -> Nothing:
    if visitors:
        return Nothing(words="Nothing in this period.")
    return nothing_of(await why_empty(connection, question), state, below=dimension.name)


def _entry(row: ValueRow, dimension: Dimension, state: PageState, most: int) -> Entry:
    narrower = state.narrowed(dimension, row.value)
    return Entry(
        name=name_of(dimension, row.value),
        flag=flag_of(dimension, row.value),
        href=narrower.href() if narrower else None,
        bar=round(100 * row.visitors / most, 1),
        numbers=details_of(row, dimension),
    )
