"""The page of a site's properties: which its events have; each leads to its values."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.links import PageState
from projections.dashboard.pages.visits_page import Composed, VisitsView
from projections.dashboard.panels.linked import LinkedRow, LinkedTable
from projections.dashboard.views import Views
from projections.dashboard.words import exactly
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.question import WebQuestion
from projections.query.web.properties import properties

TITLE, BELOW = "Properties", "properties"
_NOTHING = "No event had a property in this period. Send one from your page: collector('Signup', {props: {plan: 'pro'}})"


@get(f"/sites/{{site:str}}/{BELOW}", include_in_schema=False)
async def show_properties(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
) -> Response[Any]:
    """Show which properties there are."""
    view = VisitsView(title=TITLE, below=BELOW, desk=desk, caller=caller, views=views, request=request)
    return await view.show(site, _compose)


async def _compose(connection: AsyncConnection, question: WebQuestion, state: PageState) -> Composed:
    answer = await properties(connection, question)
    most = max((row.visitors for row in answer.rows), default=1) or 1
    rows = [
        LinkedRow(
            name=row.key,
            cells=(exactly(row.visitors), exactly(row.events)),
            href=state.href(below=row.dimension),
            bar=round(100 * row.visitors / most, 1),
        )
        for row in answer.rows
    ]
    table = LinkedTable(
        name="properties",
        title="Properties",
        meaning="What custom events say beside their name; choose one for its values",
        of="Property",
        columns=("Visitors", "Events"),
        rows=rows,
        nothing=_NOTHING,
        more=answer.more,
    )
    return Composed(numbers=[], tables=[table])
