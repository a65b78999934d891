"""Right now: who is here, what they look at, and how busy the last half hour was."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.counts import ByBucket, ByValue, counts
from projections.query.dimensions import DIMENSION_NAMED
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.query.sums import PAGEVIEWS, visitors_with
from projections.read_models.hits import Kind

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


async def realtime(connection: AsyncConnection, question: WebQuestion) -> Realtime:
    """Answer what is happening at the moment of asking; the question's period does not matter."""
    present = Span(question.now - PRESENT, question.now)
    (here,) = await counts(connection, question, present, [visitors_with(*Kind)])
    return Realtime(
        site=question.site,
        visitors=here.sums["visitors"],
        pageviews_per_minute=await _per_minute(connection, question),
        pages=await _pages(connection, question, present),
    )


async def _per_minute(connection: AsyncConnection, question: WebQuestion) -> list[int]:
    bounds = [question.now - (MINUTES - number) * _MINUTE for number in range(MINUTES + 1)]
    span = Span(bounds[0], bounds[-1])
    found = await counts(connection, question, span, [PAGEVIEWS], ByBucket(bounds))
    counted = {row.key[0]: row.sums["pageviews"] for row in found}
    return [counted.get(number, 0) for number in range(1, MINUTES + 1)]


async def _pages(connection: AsyncConnection, question: WebQuestion, present: Span) -> list[PageNow]:
    by_page = ByValue(DIMENSION_NAMED["page"])
    found = await counts(connection, question, present, [visitors_with(Kind.PAGEVIEW)], by_page, largest=_TOP_PAGES)
    return [PageNow(page=row.key[0], visitors=row.sums["visitors"]) for row in found]
