"""The page of a site's turns: how many were answered, how fast, what people thought of them, and by what they were answered."""

from typing import Any

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.controls import Controls, controls_of
from projections.dashboard.links import PageState
from projections.dashboard.pages.families import families_of
from projections.dashboard.pages.marks import read_address
from projections.dashboard.panels.turns import Table, Tile, tables_by, tables_of, tiles_of
from projections.dashboard.views import Views
from projections.projections import TURNS
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.freshness import Freshness, freshness
from projections.query.known_sites import reading_about
from projections.query.question import WebQuestion
from projections.query.turns.passages import conversations, journeys
from projections.query.turns.quality import By, timed_apart
from projections.query.turns.settled import errors, times
from projections.query.turns.votes import newest_comments
from projections.query.turns.window import Window

_BELOW = "turns"
_COMMENTS = 20


class TurnsPage(Struct, frozen=True, kw_only=True):
    """What the page shows."""

    state: PageState
    controls: Controls
    tiles: list[Tile]
    tables: list[Table]
    freshness: Freshness


@get(f"/sites/{{site:str}}/{_BELOW}", include_in_schema=False)
async def show_turns(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
) -> Response[Any]:
    """Show the turns that ended in the period, and the votes on them."""
    asked, state = await read_address(desk, caller, request, site)
    # Filters are of visits, which no turn belongs to.
    state = replace(state, filters=())
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        if question.site != asked.site:
            return Redirect(replace(state, site=question.site).href(below=_BELOW), status_code=303)
        page = await _compose(connection, question, state)
        families = await families_of(connection, caller, question.site)
    return Response(views.render("turns.html", page=page, families=families), media_type=MediaType.HTML)


async def _compose(connection: AsyncConnection, question: WebQuestion, state: PageState) -> TurnsPage:
    span = question.span
    window = Window(tenant=question.caller.tenant, site=question.site, since=span.since, until=span.until)
    whole, apart = await timed_apart(connection, window, list(By))
    return TurnsPage(
        state=state,
        controls=replace(controls_of(state, below=_BELOW), who=[]),
        tiles=tiles_of(whole, await conversations(connection, window)),
        tables=[
            *[tables_by(by, rows) for by, rows in apart.items()],
            *tables_of(
                times=await times(connection, window),
                errors=await errors(connection, window),
                journeys=await journeys(connection, window),
                comments=await newest_comments(connection, window, most=_COMMENTS),
                zone=question.zone,
            ),
        ],
        freshness=await freshness(connection, question.caller, of=TURNS),
    )
