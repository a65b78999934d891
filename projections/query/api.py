"""The JSON API: one route for each answer; a route reads the question, asks the database and words nothing itself."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeAlias

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Operation, Reference, Schema
from litestar.openapi.spec import Parameter as Documented
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import FromPath
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.query.after_write import AfterWrite
from projections.query.asked import site_named
from projections.query.caller import Caller
from projections.query.database import reading
from projections.query.definitions import DEFINITIONS, Definition
from projections.query.delivery.asked import DELIVERY, OF_EVERY_FAMILY, PACE, form_asked
from projections.query.delivery.forms import Form
from projections.query.delivery.tags import Pace
from projections.query.dimensions import Dimension
from projections.query.examples import examples_of
from projections.query.freshness import freshness
from projections.query.known_sites import Listing, named_as_it_is, reading_about
from projections.query.parameters import QUESTION_PARAMETERS, Parameter, read_parameters
from projections.query.piecemeal import Piecemeal
from projections.query.question import WebQuestion, dimension_of, parse_question
from projections.query.room import Room
from projections.query.tallies import TALLY_PARAMETERS, TallyOfAll, TallyOfOne, tally_of_all, tally_of_one
from projections.query.web import breakdown as breakdowns
from projections.query.web import overview as overviews
from projections.query.web import timeseries as series
from projections.query.web.export import Turns, exported
from projections.query.web.realtime import Realtime, realtime
from projections.query.web.sites import SiteDirectory, SiteList, list_directory, list_sites
from projections.query.web.spreadsheet import CSV, to_csv


class Desk(Struct, frozen=True, kw_only=True):
    """Where questions are answered: the database, the clock, the sites that the settings list, and the room for exports.

    ``after_write`` waits until what was stored is counted; ``room`` is for questions of which one caller could ask too many.
    """

    engine: AsyncEngine
    clock: Callable[[], datetime]
    listing: Listing
    exports: Turns
    after_write: AfterWrite
    room: Room


PlainRequest: TypeAlias = Request[Any, Any, Any]


@dataclass
class Questioned(Operation):
    """An operation of the OpenAPI document that takes every parameter of a question."""

    known: ClassVar[tuple[Parameter, ...]] = (*QUESTION_PARAMETERS, *DELIVERY)

    def __post_init__(self) -> None:
        """Add the parameters to those of the path."""
        self.parameters = [*(self.parameters or []), *_documented(self.known)]


@dataclass
class Tallied(Questioned):
    """One that takes those of the time alone."""

    known = (*TALLY_PARAMETERS, *DELIVERY)


def answered_by(document: Any, answer: str = "") -> dict[int, ResponseSpec]:
    """Return how the API's document describes the *answer* that addresses name so: by its *document*, and examples."""
    examples = examples_of(answer)
    return {200: ResponseSpec(document, description="The answer", generate_examples=False, examples=examples)}


@get("/", summary="Every site, and how its last week went")
async def read_sites(desk: NamedDependency[Desk], caller: NamedDependency[Caller]) -> SiteList:
    """Return the sites with their visitors of the last seven days."""
    async with reading(desk.engine, caller) as connection:
        answer = await list_sites(connection, caller, desk.clock(), desk.listing)
        return replace(answer, as_of=(await freshness(connection, caller)).as_of)


@get("/definitions", summary="What every number means", sync_to_thread=False)
def read_definitions() -> list[Definition]:
    """Return the published definitions with their versions."""
    return list(DEFINITIONS)


@get("/tallies", summary="How the hits of every site ended, also what was not stored", operation_class=Tallied)
async def read_tallies(desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest) -> TallyOfAll:
    """Return how hits ended, those of no known site and those of sites that nobody collects for included."""
    question = _about_tallies(desk, caller, request)
    async with reading(desk.engine, caller) as connection:
        return await tally_of_all(connection, question)


@get("/{site:str}/tallies", summary="How the hits of a site ended, also what was not stored", operation_class=Tallied)
async def read_tallies_of_site(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> TallyOfOne:
    """Return how hits ended, in buckets of UTC hours, days or months."""
    asked = _about_tallies(desk, caller, request, site_named(site))
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        return await tally_of_one(connection, question)


@get(
    "/{site:str}/overview",
    summary="The numbers of a period, beside those that it is compared with",
    operation_class=Questioned,
    responses=answered_by(overviews.DOCUMENT, "overview"),
    opt={PACE: Pace.MOMENT},
)
async def read_overview(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> Response[Any]:
    """Return every number of the period, of what it is compared with, and how each moved."""
    asked = ask(desk, caller, request, site)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        answer = await overviews.overview(connection, question)
        as_of = (await freshness(connection, caller)).as_of
    return Response(overviews.to_document(answer, as_of))


@get(
    "/{site:str}/timeseries",
    summary="One number in buckets, from minutes to months",
    operation_class=Questioned,
    responses=answered_by(series.DOCUMENT, "timeseries"),
    opt={PACE: Pace.DAYS},
)
async def read_timeseries(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> Response[Any]:
    """Return every bucket of the period, also the empty ones."""
    asked = ask(desk, caller, request, site)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        answer = await series.timeseries(connection, question)
        as_of = (await freshness(connection, caller)).as_of
    return Response(series.to_document(answer, as_of))


@get(
    "/{site:str}/realtime",
    summary="Who is here now",
    operation_class=Questioned,
    opt={PACE: Pace.NOW},
    responses=answered_by(Realtime, "realtime"),
)
async def read_realtime(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> Realtime:
    """Return the visitors of the last five minutes and the pageviews of each of the last thirty."""
    asked = ask(desk, caller, request, site)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        answer = await realtime(connection, question)
        return replace(answer, as_of=(await freshness(connection, caller)).as_of)


@get(
    "/{site:str}/breakdown/{dimension:str}",
    summary="The numbers for each value of a dimension",
    operation_class=Questioned,
    responses=answered_by(breakdowns.DOCUMENT, "breakdown"),
    opt={PACE: Pace.DAYS},
)
async def read_breakdown(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    request: PlainRequest,
    site: FromPath[str],
    dimension: FromPath[str],
) -> Response[Any]:
    """Return the values in their order; as CSV when *dimension* ends with .csv or the caller accepts text/csv.

    As CSV it has all values, unless a limit is given; where that leaves any out, X-Collector-More and the file's name say so.
    """
    asked = ask(desk, caller, request, site)
    named = dimension_of(dimension.removesuffix(".csv"))
    breakdowns.order_of(asked, named)
    is_csv = dimension.endswith(".csv") or form_asked() is Form.CSV
    if is_csv and not request.query_params.get("limit"):
        return await _export(desk, asked, named)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        visitors = await breakdowns.count_visitors(connection, question)
        answer = await breakdowns.breakdown(connection, question, named, visitors=visitors)
        as_of = (await freshness(connection, caller)).as_of
    if not is_csv:
        return Response(breakdowns.to_document(answer, as_of))
    headers = _as_file(question, named, cut_at=question.limit if answer.more else 0)
    return Response(to_csv(answer), media_type=CSV, headers=headers)


async def _export(desk: Desk, asked: WebQuestion, dimension: Dimension) -> Response[Any]:
    question = await named_as_it_is(desk.engine, asked, desk.listing)
    pieces = exported(desk.engine, question, dimension, turns=desk.exports, clock=desk.clock)
    return await Piecemeal.beginning(pieces, media_type=CSV, headers=_as_file(question, dimension))


def _as_file(question: WebQuestion, dimension: Dimension, *, cut_at: int = 0) -> dict[str, str]:
    """Return the headers of a file; *cut_at* says after how many rows it ends although there are more, 0 where it is whole."""
    cut_by = re.sub(r"[^A-Za-z0-9_.-]+", "-", dimension.name)
    name = f"{question.site}-{cut_by}-{question.days.first}-{question.days.last}"
    first, more = (f"-first-{cut_at}", {"X-Collector-More": "true"}) if cut_at else ("", {})
    return {"Content-Disposition": f'attachment; filename="{name}{first}.csv"', **more}


@get(
    "/",
    summary="Every site: what it is called, and whether it takes facts",
    opt={PACE: Pace.NEVER, OF_EVERY_FAMILY: True},
)
async def read_directory(desk: NamedDependency[Desk], caller: NamedDependency[Caller]) -> SiteDirectory:
    """Return the sites of the caller, also those without facts and those that are archived."""
    async with reading(desk.engine, caller) as connection:
        return await list_directory(connection, caller, desk.listing)


SITES = Router(path="/api/sites", route_handlers=[read_directory], tags=["sites"])
API = Router(
    path="/api/stats",
    route_handlers=[
        *(read_sites, read_definitions, read_tallies),
        *(read_overview, read_timeseries, read_realtime, read_breakdown, read_tallies_of_site),
    ],
    tags=["stats"],
)


def ask(desk: Desk, caller: Caller, request: PlainRequest, site: str) -> WebQuestion:
    """Return the question in *request* about *site*, or raise Refused."""
    values = read_parameters(request.scope["query_string"])
    return parse_question(values, caller=caller, sites=(site_named(site),), now=desk.clock())


def _about_tallies(desk: Desk, caller: Caller, request: PlainRequest, *sites: str) -> WebQuestion:
    values = read_parameters(request.scope["query_string"], TALLY_PARAMETERS)
    return parse_question(values, caller=caller, sites=sites, now=desk.clock())


def _documented(parameters: Iterable[Parameter]) -> list[Documented | Reference]:
    return [
        Documented(
            name=parameter.name,
            param_in="query",
            description=parameter.meaning,
            schema=Schema(type=OpenAPIType.STRING, enum=list(parameter.choices) or None, default=parameter.default or None),
        )
        for parameter in parameters
    ]
