"""POST /api/v1/query, also under the address that Plausible has for it: a query in JSON, and its answer."""

from typing import Any, Final

from litestar import Response, Router, post
from litestar.di import NamedDependency
from msgspec.structs import replace

from projections.projections import WEB
from projections.query.api import Desk, PlainRequest, answered_by
from projections.query.caller import Caller
from projections.query.delivery.forms import FORMAT, Form, as_csv, as_file, as_lines
from projections.query.delivery.handing_over import form_of
from projections.query.delivery.receipts import receipt_in, wait_for
from projections.query.delivery.tags import MOMENT_SECONDS, is_known, tag_of, unchanged
from projections.query.freshness import freshness
from projections.query.known_sites import avoid_loops, named_as_it_is, reading_about
from projections.query.parameters import read_parameters
from projections.query.periods import Span
from projections.query.v1.answer import Answer, answer_of, columns_of, rows_in
from projections.query.v1.body import MAX_BYTES, read_body
from projections.query.v1.documented import Queried
from projections.query.v1.query import Query, read_query, site_of

# The second for clients that know Plausible's.
PATHS: Final = ("/api/v1/query", "/api/v2/query")


@post(
    list(PATHS),
    summary="Several metrics by several dimensions at once",
    status_code=200,
    request_max_body_size=MAX_BYTES + 1,
    operation_class=Queried,
    responses=answered_by(Answer, "query"),
)
async def answer_query(desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest) -> Response[Any]:
    """Return the rows that the query in the body asks for."""
    form = form_of(read_parameters(request.scope["query_string"], (FORMAT,)), request)
    body = read_body(await request.body())
    # Before anybody looks for the site: what is wrong is told without the database.
    asked = read_query(body, caller=caller, site=site_of(body), zone="UTC", now=desk.clock())
    if body.read_your_write:
        receipt_in(body.read_your_write)
    async with desk.room.of(caller):
        if body.read_your_write:
            site = (await named_as_it_is(desk.engine, asked.question, desk.listing)).site
            await wait_for(desk.after_write, caller, site, WEB)
        async with reading_about(desk.engine, asked.question, desk.listing) as (connection, about):
            query = read_query(body, caller=caller, site=about.site, zone=about.timezone, now=about.now, first=about.days.first)
            query = replace(query, question=replace(query.question, number=about.number))
            fresh = await freshness(connection, caller)
            tag = tag_of(fresh.mark, about.site, form, await request.body(), *_moments(query))
            if is_known(tag, request.headers.get("if-none-match", "")):
                return unchanged(tag)
            if query.joins_as_wholes:
                await avoid_loops(connection)
            answer = await answer_of(connection, query)
    handed = _in_form(replace(answer, meta=replace(answer.meta, as_of=fresh.as_of)), form)
    handed.headers["ETag"] = tag
    return handed


def _moments(query: Query) -> list[str]:
    """Return the instants that *query* is about, those that move with the clock as they were some seconds ago at the most."""
    times = [query.time] if query.compared is None else [query.time, query.compared]
    return [query.question.timezone, *(_paced(time.span) for time in times)]


def _paced(span: Span) -> str:
    return " ".join(str(int(moment.timestamp()) // MOMENT_SECONDS) for moment in (span.since, span.until))


def _in_form(answer: Answer, form: Form) -> Response[Any]:
    if form is Form.JSON:
        return Response(answer)
    rows = rows_in(answer)
    text = as_csv(rows, columns_of(answer)) if form is Form.CSV else as_lines(rows)
    return as_file(text, form, name=f"{answer.query.site_id}-query", is_cut=answer.meta.more)


QUERIES = Router(path="/", route_handlers=[answer_query], tags=["stats"])
