"""The page of a site's actions: how much is done in the app, by how many, day by day, and with which versions."""

from collections.abc import Iterable
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
from projections.dashboard.views import Views
from projections.dashboard.words import exactly
from projections.projections import PRODUCT
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.freshness import Freshness, freshness
from projections.query.known_sites import reading_about
from projections.query.product.summary import ActionSummary, Counted, summary
from projections.query.question import WebQuestion

_BELOW = "actions"


class Tile(Struct, frozen=True, kw_only=True):
    """One number, and what it means."""

    name: str
    title: str
    value: str
    meaning: str


class Row(Struct, frozen=True, kw_only=True):
    """A line of a table."""

    name: str
    cells: tuple[str, ...]


class Table(Struct, frozen=True, kw_only=True):
    """A table of counts."""

    name: str
    title: str
    meaning: str
    rows: list[Row]


class ActionsPage(Struct, frozen=True, kw_only=True):
    """What the page shows."""

    state: PageState
    controls: Controls
    tiles: list[Tile]
    tables: list[Table]
    freshness: Freshness


@get(f"/sites/{{site:str}}/{_BELOW}", include_in_schema=False)
async def show_actions(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
) -> Response[Any]:
    """Show what was done in the period."""
    asked, state = await read_address(desk, caller, request, site)
    state = replace(state, filters=())  # which are of visits
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        if question.site != asked.site:
            return Redirect(replace(state, site=question.site).href(below=_BELOW), status_code=303)
        page = await _compose(connection, question, state)
        families = await families_of(connection, caller, question.site)
    return Response(views.render("actions.html", page=page, families=families), media_type=MediaType.HTML)


async def _compose(connection: AsyncConnection, question: WebQuestion, state: PageState) -> ActionsPage:
    answer = await summary(connection, question)
    days = [Row(name=str(day.day), cells=(exactly(day.actions), exactly(day.subjects))) for day in reversed(answer.days)]
    return ActionsPage(
        state=state,
        controls=replace(controls_of(state, below=_BELOW), who=[]),
        tiles=_tiles(answer),
        tables=[
            Table(name="names", title="Actions", meaning="What was done, most often first", rows=_rows(answer.names)),
            Table(name="days", title="Days", meaning="How much was done on each day", rows=days),
            Table(name="versions", title="Versions", meaning="With which version of the app", rows=_rows(answer.versions)),
            Table(name="systems", title="Systems", meaning="On which operating system", rows=_rows(answer.systems)),
        ],
        freshness=await freshness(connection, question.caller, of=PRODUCT),
    )


def _tiles(answer: ActionSummary) -> list[Tile]:
    return [
        Tile(name="actions", title="Actions", value=exactly(answer.actions), meaning="What was recorded in the period."),
        Tile(
            name="subjects",
            title="Subjects",
            value=exactly(answer.subjects),
            meaning="Who did it, by their pseudonyms; what was done by nobody in particular counts no one.",
        ),
        Tile(
            name="stays",
            title="Sessions",
            value=exactly(answer.stays),
            meaning="Times of a subject without a gap of more than 30 minutes, by when they began.",
        ),
    ]


def _rows(counted: Iterable[Counted]) -> list[Row]:
    return [Row(name=one.value, cells=(exactly(one.actions), exactly(one.subjects))) for one in counted]
