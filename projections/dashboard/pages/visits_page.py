"""A further page about a site's visits, with the period and the filters of the first: numbers, choices and tables."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from litestar import Response
from litestar.response import Redirect
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.controls import Controls, controls_of
from projections.dashboard.links import PageState
from projections.dashboard.pages.families import families_of, visits_tabs
from projections.dashboard.pages.marks import read_address
from projections.dashboard.panels.linked import Choice, LinkedTable
from projections.dashboard.panels.tables import Number
from projections.dashboard.views import Views
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.freshness import Freshness, freshness
from projections.query.known_sites import reading_about
from projections.query.question import WebQuestion


class Composed(Struct, frozen=True, kw_only=True):
    """What is on the page; ``choices`` are of what ``chosen_by`` says."""

    numbers: list[Number]
    tables: list[LinkedTable]
    choices: list[Choice] = []
    chosen_by: str = ""


Compose: TypeAlias = Callable[[AsyncConnection, WebQuestion, PageState], Awaitable[Composed]]


class VisitsPage(Struct, frozen=True, kw_only=True):
    """What the page shows."""

    title: str
    state: PageState
    controls: Controls
    composed: Composed
    freshness: Freshness


class VisitsView(Struct, frozen=True, kw_only=True):
    """Whoever looks at the page that is called *title*, *below* a site's address."""

    title: str
    below: str
    desk: Desk
    caller: Caller
    views: Views
    request: PlainRequest

    async def show(self, site: str, compose: Compose) -> Response[Any]:
        """Answer with what *compose* makes of the question in the address."""
        address = await read_address(self.desk, self.caller, self.request, site)
        async with reading_about(self.desk.engine, address.question, self.desk.listing) as (connection, question):
            if question.site != address.question.site:
                return Redirect(replace(address.state, site=question.site).href(below=self.below), status_code=303)
            page = VisitsPage(
                title=self.title,
                state=address.state,
                controls=controls_of(address.state, below=self.below, wrong=address.wrong),
                composed=await compose(connection, question, address.state),
                freshness=await freshness(connection, self.caller),
            )
            places = [*visits_tabs(question.site, address.state), *await families_of(connection, self.caller, question.site)]
        return address.page(self.views.render("visits.html", page=page, families=places))
