"""The JSON API about what else is stored: engagement and pages, properties, revenue; one route for each answer."""

from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec.structs import replace

from projections.query.api import Desk, PlainRequest, Questioned, answered_by, ask
from projections.query.caller import Caller
from projections.query.delivery.asked import PACE
from projections.query.delivery.tags import Pace
from projections.query.freshness import freshness
from projections.query.known_sites import reading_about
from projections.query.question import dimension_of
from projections.query.web import engagement as engagements
from projections.query.web.properties import Properties, properties
from projections.query.web.revenue import Revenue, RevenueBreakdown, revenue, revenue_by
from projections.query.web.revenue_series import RevenueSeries, revenue_series


@get(
    "/{site:str}/engagement",
    summary="Events, conversions, and how long and how deep pages are read, beside the period before",
    operation_class=Questioned,
    responses=answered_by(engagements.DOCUMENT),
    opt={PACE: Pace.MOMENT},
)
async def read_engagement(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> Response[Any]:
    """Return the further numbers of the period, of the period before it, and how each moved."""
    asked = ask(desk, caller, request, site)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        answer = await engagements.engagement(connection, question)
        as_of = (await freshness(connection, caller)).as_of
    return Response(engagements.to_document(answer, as_of))


@get(
    "/{site:str}/pages",
    summary="Each page: entries, exits, and how long and how deep it is read",
    operation_class=Questioned,
    responses=answered_by(engagements.PAGES_DOCUMENT),
    opt={PACE: Pace.DAYS},
)
async def read_pages(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> Response[Any]:
    """Return the pages with most visitors first."""
    asked = ask(desk, caller, request, site)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        answer = await engagements.pages(connection, question)
        as_of = (await freshness(connection, caller)).as_of
    return Response(engagements.pages_to_document(answer, as_of))


@get(
    "/{site:str}/properties",
    summary="Which properties the events have",
    operation_class=Questioned,
    opt={PACE: Pace.DAYS},
)
async def read_properties(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> Properties:
    """Return the properties of most visitors first; the values of one are the breakdown by its dimension."""
    asked = ask(desk, caller, request, site)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        answer = await properties(connection, question)
        return replace(answer, as_of=(await freshness(connection, caller)).as_of)


@get(
    "/{site:str}/revenue",
    summary="What events earned, in each currency",
    operation_class=Questioned,
    opt={PACE: Pace.MOMENT},
)
async def read_revenue(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> Revenue:
    """Return the revenue of the period and of the period before it, each currency by itself."""
    asked = ask(desk, caller, request, site)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        answer = await revenue(connection, question)
        return replace(answer, as_of=(await freshness(connection, caller)).as_of)


@get(
    "/{site:str}/revenue/{dimension:str}",
    summary="What each value of a dimension earned",
    operation_class=Questioned,
    opt={PACE: Pace.DAYS},
)
async def read_revenue_by(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    request: PlainRequest,
    site: FromPath[str],
    dimension: FromPath[str],
) -> RevenueBreakdown:
    """Return the values with most revenue first, each currency by itself."""
    asked, named = ask(desk, caller, request, site), dimension_of(dimension)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        answer = await revenue_by(connection, question, named)
        return replace(answer, as_of=(await freshness(connection, caller)).as_of)


@get(
    "/{site:str}/timeseries/revenue",
    summary="What events earned over time, in each currency",
    operation_class=Questioned,
    opt={PACE: Pace.DAYS},
)
async def read_revenue_series(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> RevenueSeries:
    """Return every bucket of the period, also the empty ones, each currency by itself."""
    asked = ask(desk, caller, request, site)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        answer = await revenue_series(connection, question)
        return replace(answer, as_of=(await freshness(connection, caller)).as_of)


STORED = Router(
    path="/api/stats",
    route_handlers=[read_engagement, read_pages, read_properties, read_revenue, read_revenue_by, read_revenue_series],
    tags=["stats"],
)
