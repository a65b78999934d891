"""The page of a site's engagement: events, conversions, and of each page for how long and how deep it is read."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.links import PageState
from projections.dashboard.pages.visits_page import Composed, VisitsView
from projections.dashboard.panels.linked import LinkedTable, valued_row
from projections.dashboard.panels.tables import Number
from projections.dashboard.views import Views
from projections.dashboard.words import exactly, in_words
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.dimensions import DIMENSION_NAMED
from projections.query.metrics import FURTHER, OF_PAGE, Metric, Unit
from projections.query.question import WebQuestion
from projections.query.web.engagement import Engagement, Pages, engagement, pages

TITLE, BELOW = "Engagement", "engagement"


@get(f"/sites/{{site:str}}/{BELOW}", include_in_schema=False)
async def show_engagement(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
) -> Response[Any]:
    """Show the numbers that the first page leaves out, and all that there is about each page."""
    view = VisitsView(title=TITLE, below=BELOW, desk=desk, caller=caller, views=views, request=request)
    return await view.show(site, _compose)


async def _compose(connection: AsyncConnection, question: WebQuestion, state: PageState) -> Composed:
    whole = await engagement(connection, question)
    return Composed(numbers=_numbers(whole), tables=[_table(await pages(connection, question), state)])


def _numbers(whole: Engagement) -> list[Number]:
    return [
        Number(
            name=one.name,
            title=one.title,
            value=in_words(one.unit, whole.numbers[one.name]),
            meaning=f"{one.meaning}{_before(one, whole)}",
        )
        for one in FURTHER
    ]


def _before(one: Metric, whole: Engagement) -> str:
    return f" Before: {in_words(one.unit, whole.previous[one.name])}." if whole.previous else ""


def _table(answer: Pages, state: PageState) -> LinkedTable:
    most = max((row.visitors for row in answer.rows), default=1) or 1
    rows = []
    for row in answer.rows:
        numbers = ((one.unit, row.numbers[one.name]) for one in OF_PAGE)
        written = (exactly(number) if unit is Unit.COUNT else in_words(unit, number) for unit, number in numbers)
        cells = (exactly(row.visitors), exactly(row.pageviews), *written)
        bar = round(100 * row.visitors / most, 1)
        rows.append(valued_row(state, DIMENSION_NAMED["page"], row.page, cells, below=BELOW, bar=bar))
    return LinkedTable(
        name="pages",
        title="Pages",
        meaning="How visits begin and end on each page, and for how long and how deep it is read",
        of="Page",
        columns=("Visitors", "Views", *(one.title for one in OF_PAGE)),
        rows=rows,
        nothing="No page was seen in this period.",
        more=answer.more,
    )
