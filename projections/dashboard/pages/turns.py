"""The page of a site's turns: how many were answered, how fast, what people thought of them, and by what they were answered."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.pages.family_page import FamilyView
from projections.dashboard.panels.tables import Number, Table
from projections.dashboard.panels.turns import numbers_of, tables_by, tables_of
from projections.dashboard.views import Views
from projections.projections import TURNS
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.question import WebQuestion
from projections.query.turns.passages import conversations, journeys
from projections.query.turns.quality import By, timed_apart
from projections.query.turns.settled import errors, times
from projections.query.turns.votes import newest_comments
from projections.query.turns.window import Window

_COMMENTS = 20


async def _compose(connection: AsyncConnection, question: WebQuestion) -> tuple[list[Number], list[Table]]:
    span = question.span
    window = Window(tenant=question.caller.tenant, site=question.site, since=span.since, until=span.until)
    whole, apart = await timed_apart(connection, window, list(By))
    tables = [
        *[tables_by(by, rows) for by, rows in apart.items()],
        *tables_of(
            times=await times(connection, window),
            errors=await errors(connection, window),
            journeys=await journeys(connection, window),
            comments=await newest_comments(connection, window, most=_COMMENTS),
            zone=question.zone,
        ),
    ]
    return numbers_of(whole, await conversations(connection, window)), tables


_VIEW = FamilyView(title="Turns", below="turns", of=TURNS, compose=_compose)


@get(f"/sites/{{site:str}}/{_VIEW.below}", include_in_schema=False)
async def show_turns(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
) -> Response[Any]:
    """Show the turns that ended in the period, and the votes on them."""
    return await _VIEW.answer(desk, caller, views, request, site)
