"""POST /api/v1/query, also under the address that Plausible has for it: a query in JSON, and its answer."""

from typing import Any, Final

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from msgspec.structs import replace

from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.database import reading
from projections.query.freshness import freshness
from projections.query.known_sites import home_zone, known_site
from projections.query.v1.answer import Answer, answer_of
from projections.query.v1.body import MAX_BYTES, Body, read_body
from projections.query.v1.query import Query, needs_first_day, read_query, site_of
from projections.query.web.sites import facts_span

# The second for clients that know Plausible's.
PATHS: Final = ("/api/v1/query", "/api/v2/query")


@post(
    list(PATHS),
    summary="Several metrics by several dimensions at once",
    status_code=200,
    request_max_body_size=MAX_BYTES + 1,
    responses={200: ResponseSpec(Answer, description="The answer", generate_examples=False)},
)
async def answer_query(desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest) -> Response[Any]:
    """Return the rows that the query in the body asks for."""
    body = read_body(await request.body())
    asked = _read(body, desk, caller)
    zone = await home_zone(desk.engine, caller, asked.question.site)
    async with reading(desk.engine, caller) as connection:
        site = await known_site(connection, caller, asked.question.site, desk.listing)
        facts = await facts_span(connection, caller, site) if needs_first_day(body) else None
        query = read_query(
            body,
            caller=caller,
            site=site,
            zone=zone,
            now=asked.question.now,
            first=None if facts is None else facts.since.astimezone(asked.time.zone).date(),
        )
        answer = await answer_of(connection, query)
        as_of = (await freshness(connection, caller)).as_of
    return Response(replace(answer, meta=replace(answer.meta, as_of=as_of)))


def _read(body: Body, desk: Desk, caller: Caller) -> Query:
    # Before anybody looks for the site: what is wrong is told without the database.
    return read_query(body, caller=caller, site=site_of(body), zone="UTC", now=desk.clock())


QUERIES = Router(path="/", route_handlers=[answer_query], tags=["stats"])
