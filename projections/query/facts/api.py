"""GET /api/stats/{site}/facts: the facts themselves, as JSON some at a time, as CSV and lines of JSON all of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct
from msgspec.structs import replace

from projections.projector.projection import Projection
from projections.query.api import Desk, PlainRequest, Questioned, answered_by
from projections.query.asked import site_named
from projections.query.caller import Caller
from projections.query.delivery.asked import DELIVERY, FACTS_OF, PACE, form_asked
from projections.query.delivery.forms import MEDIA_TYPES, MORE, Form
from projections.query.delivery.tags import Pace
from projections.query.facts.families import FAMILIES, names_of
from projections.query.facts.question import FACTS_PARAMETERS, FAMILY, FactsQuestion, parse_facts
from projections.query.facts.rows import cursor_of, in_form, pieces, some_facts
from projections.query.freshness import freshness
from projections.query.known_sites import named_as_it_is, reading_about
from projections.query.parameters import legible_parameters, read_parameters
from projections.query.piecemeal import Piecemeal
from projections.query.web.spreadsheet import cells_as_csv

# Where a file is cut: what leads on behind its last fact.
NEXT: Final = "X-Collector-Next"


class Facts(Struct, frozen=True, kw_only=True):
    """Facts in the order in which they happened; where there are ``more``, ``next`` is the cursor that leads on."""

    site: str
    family: str
    facts: list[dict[str, Any]]
    more: bool
    next: str | None
    as_of: datetime | None


@dataclass
class FactsAsked(Questioned):
    """An operation of the OpenAPI document that takes the parameters of the facts."""

    known = (*FACTS_PARAMETERS, *DELIVERY)


def _family(request: PlainRequest) -> Projection:
    named = legible_parameters(request.scope["query_string"], (FAMILY,)).get(FAMILY.name, [FAMILY.default])[0]
    return FAMILIES.get(named, FAMILIES[FAMILY.default]).projection


@get(
    "/{site:str}/facts",
    summary="The facts themselves, without what says who somebody is",
    operation_class=FactsAsked,
    opt={PACE: Pace.DAYS, FACTS_OF: _family},
    responses=answered_by(Facts, "facts"),
)
async def read_facts(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> Response[Any]:
    """Return facts in the order in which they happened; as CSV and lines of JSON all of them, as they are read."""
    form = form_asked()
    values = read_parameters(request.scope["query_string"], FACTS_PARAMETERS)
    asked = parse_facts(values, caller=caller, site=site_named(site), now=desk.clock(), takes_all=form is not Form.JSON)
    if asked.limit is None:
        question = replace(asked, asked=await named_as_it_is(desk.engine, asked.asked, desk.listing))
        streamed = pieces(desk.engine, question, form, turns=desk.exports, clock=desk.clock)
        return await Piecemeal.beginning(streamed, media_type=MEDIA_TYPES[form], headers=_as_file(question, form))
    async with reading_about(desk.engine, asked.asked, desk.listing) as (connection, about):
        question = replace(asked, asked=about)
        facts, more = await some_facts(connection, question, asked.limit)
        as_of = (await freshness(connection, caller, of=question.family.projection)).as_of
    following = cursor_of(question, facts[-1]) if more else None
    answer = Facts(site=about.site, family=question.family.name, facts=facts, more=more, next=following, as_of=as_of)
    return Response(answer) if form is Form.JSON else _as_table(question, answer, form)


def _as_table(question: FactsQuestion, answer: Facts, form: Form) -> Response[Any]:
    names = names_of(question.family.columns(with_people=question.with_people))
    text = (cells_as_csv([names]) if form is Form.CSV else "") + in_form(answer.facts, names, form)
    told = {} if answer.next is None else {**MORE, NEXT: answer.next}
    return Response(text, media_type=MEDIA_TYPES[form], headers={**_as_file(question, form), **told})


def _as_file(question: FactsQuestion, form: Form) -> dict[str, str]:
    days = question.asked.days
    name = f"{question.asked.site}-{question.family.name}-facts-{days.first}-{days.last}.{form}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}


FACTS = Router(path="/api/stats", route_handlers=[read_facts], tags=["facts"])
