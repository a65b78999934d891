"""The JSON API: one route for each answer; a route reads the question, asks the database and words nothing itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Operation, Parameter, Reference, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import FromPath
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.query.breakdown import Breakdown, breakdown, count_visitors
from projections.query.database import reading
from projections.query.definitions import DEFINITIONS, Definition
from projections.query.freshness import freshness
from projections.query.overview import Overview, overview
from projections.query.parameters import QUESTION_PARAMETERS, read_parameters
from projections.query.question import Question, dimension_of, parse_question
from projections.query.realtime import Realtime, realtime
from projections.query.sites import Sites, list_sites
from projections.query.spreadsheet import CSV, to_csv
from projections.query.timeseries import Timeseries, timeseries

AnswerT = TypeVar("AnswerT", Overview, Timeseries, Breakdown, Realtime, Sites)


class Source(Struct, frozen=True, kw_only=True):
    """Where answers come from: the database, whose facts, and the clock."""

    engine: AsyncEngine
    tenant: str
    clock: Callable[[], datetime]


PlainRequest: TypeAlias = Request[Any, Any, Any]


@dataclass
class Asked(Operation):
    """An operation of the OpenAPI document that takes every parameter of a question."""

    def __post_init__(self) -> None:
        """Add the parameters to those of the path."""
        self.parameters = [*(self.parameters or []), *_documented()]


@get("/", summary="Every site that has facts")
async def read_sites(source: NamedDependency[Source]) -> Sites:
    """Return the sites with their visitors of the last seven days."""
    async with reading(source.engine) as connection:
        answer = await list_sites(connection, tenant=source.tenant, now=source.clock())
        return await _dated(connection, answer)


@get("/definitions", summary="What every number means", sync_to_thread=False)
def read_definitions() -> list[Definition]:
    """Return the published definitions with their versions."""
    return list(DEFINITIONS)


@get("/{site:str}/overview", summary="Six numbers of a period, beside the period before", operation_class=Asked)
async def read_overview(source: NamedDependency[Source], request: PlainRequest, site: FromPath[str]) -> Overview:
    """Return visitors, visits, pageviews, views per visit, bounce rate and visit duration."""
    question = ask(source, request, site)
    async with reading(source.engine) as connection:
        return await _dated(connection, await overview(connection, question))


@get("/{site:str}/timeseries", summary="One number in buckets of hours, days or months", operation_class=Asked)
async def read_timeseries(source: NamedDependency[Source], request: PlainRequest, site: FromPath[str]) -> Timeseries:
    """Return every bucket of the period, also the empty ones."""
    question = ask(source, request, site)
    async with reading(source.engine) as connection:
        return await _dated(connection, await timeseries(connection, question))


@get("/{site:str}/realtime", summary="Who is here now", operation_class=Asked)
async def read_realtime(source: NamedDependency[Source], request: PlainRequest, site: FromPath[str]) -> Realtime:
    """Return the visitors of the last five minutes and the pageviews of each of the last thirty."""
    question = ask(source, request, site)
    async with reading(source.engine) as connection:
        return await _dated(connection, await realtime(connection, question))


@get("/{site:str}/breakdown/{dimension:str}", summary="The numbers for each value of a dimension", operation_class=Asked)
async def read_breakdown(
    source: NamedDependency[Source], request: PlainRequest, site: FromPath[str], dimension: FromPath[str]
) -> Response[Any]:
    """Return the greatest values first; as CSV when *dimension* ends with .csv or the caller accepts text/csv."""
    question = ask(source, request, site)
    asked = dimension_of(dimension.removesuffix(".csv"))
    async with reading(source.engine) as connection:
        visitors = await count_visitors(connection, question)
        answer = await _dated(connection, await breakdown(connection, question, asked, visitors=visitors))
    if not dimension.endswith(".csv") and "text/csv" not in request.headers.get("accept", ""):
        return Response(answer)
    name = f"{question.site}-{answer.dimension}-{question.days.first}-{question.days.last}.csv"
    return Response(to_csv(answer), media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}"'})


API = Router(
    path="/api/stats",
    route_handlers=[read_sites, read_definitions, read_overview, read_timeseries, read_realtime, read_breakdown],
    tags=["stats"],
)


def ask(source: Source, request: PlainRequest, site: str) -> Question:
    """Return the question in *request* about *site*, or raise Refused."""
    values = read_parameters(request.scope["query_string"])
    return parse_question(values, tenant=source.tenant, site=site, now=source.clock())


async def _dated(connection: AsyncConnection, answer: AnswerT) -> AnswerT:
    return replace(answer, as_of=(await freshness(connection)).as_of)


def _documented() -> list[Parameter | Reference]:
    return [
        Parameter(
            name=parameter.name,
            param_in="query",
            description=parameter.meaning,
            schema=Schema(type=OpenAPIType.STRING, enum=list(parameter.choices) or None, default=parameter.default or None),
        )
        for parameter in QUESTION_PARAMETERS
    ]
