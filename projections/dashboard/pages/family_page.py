"""A family's page: its numbers and tables of a period, composed by whoever knows the family."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.controls import Controls, controls_of, of_days_alone
from projections.dashboard.links import PageState
from projections.dashboard.pages.families import tabs_of
from projections.dashboard.pages.marks import read_address
from projections.dashboard.panels.tables import Number, Table
from projections.dashboard.views import Views
from projections.projector.projection import Projection
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.freshness import Freshness, freshness
from projections.query.known_sites import reading_about
from projections.query.question import WebQuestion

Compose: TypeAlias = Callable[[AsyncConnection, WebQuestion], Awaitable[tuple[list[Number], list[Table]]]]


class FamilyPage(Struct, frozen=True, kw_only=True):
    """What the page shows."""

    title: str
    state: PageState
    controls: Controls
    numbers: list[Number]
    tables: list[Table]
    freshness: Freshness


class FamilyView(Struct, frozen=True, kw_only=True):
    """The page that is called *title*, at *below* a site's address: what is *composed* from the tables of a family."""

    title: str
    below: str
    of: Projection
    compose: Compose

    def handler(self) -> HTTPRouteHandler:
        """Return the route that shows the page."""

        @get(f"/sites/{{site:str}}/{self.below}", include_in_schema=False)
        async def show(
            desk: NamedDependency[Desk],
            caller: NamedDependency[Caller],
            views: NamedDependency[Views],
            request: PlainRequest,
            site: FromPath[str],
        ) -> Response[Any]:
            return await self._answer(desk, caller, views, request, site)

        return show

    async def _answer(self, desk: Desk, caller: Caller, views: Views, request: PlainRequest, site: str) -> Response[Any]:
        address = await read_address(desk, caller, request, site)
        # Filters are of visits, which nothing of these families belongs to.
        state = replace(address.state, filters=())
        async with reading_about(desk.engine, address.question, desk.listing) as (connection, question):
            if question.site != address.question.site:
                return Redirect(replace(state, site=question.site).href(below=self.below), status_code=303)
            numbers, tables = await self.compose(connection, question)
            page = FamilyPage(
                title=self.title,
                state=state,
                controls=of_days_alone(controls_of(state, below=self.below, wrong=address.wrong)),
                numbers=numbers,
                tables=tables,
                freshness=await freshness(connection, question.caller, of=self.of),
            )
            families = await tabs_of(connection, caller, question.site, state)
        return address.page(views.render("family.html", page=page, families=families))
