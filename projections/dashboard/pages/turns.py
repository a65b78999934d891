"""The page of a site's turns: how many were answered, how fast, what people thought of them, and by what they were answered."""

from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.pages.family_page import FamilyView
from projections.dashboard.panels.tables import Number, Table
from projections.dashboard.panels.turns import numbers_of, tables_by, tables_of
from projections.projections import TURNS
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


show_turns = FamilyView(title="Turns", below="turns", of=TURNS, compose=_compose).handler()
