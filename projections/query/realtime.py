"""Right now: who is here, what they look at, and how busy the last half hour was."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import ColumnElement, DateTime, Label, bindparam, collate, desc, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.matching import hits_in
from projections.query.periods import Span
from projections.query.question import Question
from projections.query.tally import hit_count, hit_tally
from projections.read_models.hits import HITS, Kind

PRESENT = timedelta(minutes=5)
MINUTES = 30
_MINUTE = timedelta(minutes=1)
_TOP_PAGES = 10


class PageNow(Struct, frozen=True, kw_only=True):
    """A page and how many visitors saw it in the last five minutes."""

    page: str
    visitors: int


class Realtime(Struct, frozen=True, kw_only=True):
    """The answer: visitors of the last five minutes, pageviews of each of the last thirty (oldest first), pages seen now."""

    site: str
    visitors: int
    pageviews_per_minute: list[int]
    pages: list[PageNow]
    as_of: datetime | None = None


async def realtime(connection: AsyncConnection, question: Question) -> Realtime:
    """Answer what is happening at the moment of asking; the question's period does not matter."""
    present = Span(question.now - PRESENT, question.now)
    return Realtime(
        site=question.site,
        visitors=await _visitors(connection, question, present),
        pageviews_per_minute=await _per_minute(connection, question),
        pages=await _pages(connection, question, present),
    )


async def _visitors(connection: AsyncConnection, question: Question, present: Span) -> int:
    query = hit_tally(hits_in(question, present, *Kind))
    return int((await connection.execute(query)).one().visitors)


async def _per_minute(connection: AsyncConnection, question: Question) -> list[int]:
    bounds = [question.now - (MINUTES - number) * _MINUTE for number in range(MINUTES + 1)]
    span = Span(bounds[0], bounds[-1])
    query = hit_count(hits_in(question, span, Kind.PAGEVIEW), _minute(HITS.c.occurred_at, bounds))
    counted = {row.minute: row.hits for row in await connection.execute(query)}
    return [counted.get(number, 0) for number in range(1, MINUTES + 1)]


async def _pages(connection: AsyncConnection, question: Question, present: Span) -> list[PageNow]:
    query = hit_tally(hits_in(question, present, Kind.PAGEVIEW), HITS.c.path.label("page"))
    ordered = query.order_by(desc("visitors"), collate(query.selected_columns.page, "C")).limit(_TOP_PAGES)
    return [PageNow(page=row.page, visitors=row.visitors) for row in await connection.execute(ordered)]


def _minute(moment: ColumnElement[datetime], bounds: list[datetime]) -> Label[int]:
    return func.width_bucket(moment, bindparam("minutes", bounds, type_=ARRAY(DateTime(timezone=True)))).label("minute")
