"""The page about one number: what it means, by which version, and what stands behind it and was left out of it."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct
from msgspec.structs import replace

from projections.dashboard.controls import Controls, controls_of
from projections.dashboard.links import PageState
from projections.dashboard.pages.marks import read_address
from projections.dashboard.panels.ledger import LEDGER, MOST_DAYS, gaps_in_words, in_words, reasons_of
from projections.dashboard.views import Views
from projections.dashboard.words import counted, exactly
from projections.dashboard.words import in_words as number_in_words
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.known_sites import reading_about
from projections.query.ledger.answers import in_utc
from projections.query.ledger.behind import Behind, behind
from projections.query.metrics import METRIC_NAMED, Metric
from projections.query.parameters import Who
from projections.query.problems import Refused, not_found
from projections.query.web.overview import overview


class AboutPage(Struct, frozen=True, kw_only=True):
    """What the page shows: the number, its definition, and what is to be said of the facts, in sentences."""

    state: PageState
    controls: Controls
    metric: Metric
    value: str
    stands: list[str]
    left_out: list[str]
    reasons: list[tuple[str, int]]
    gaps: list[str]
    ledger: str
    ledger_href: str


@get("/sites/{site:str}/about/{metric:str}", include_in_schema=False)
async def show_about(
    *,
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
    metric: FromPath[str],
) -> Response[Any]:
    """Show what stands behind one number of a site."""
    if metric not in METRIC_NAMED:
        raise _no_such_number()
    named, below = METRIC_NAMED[metric], f"about/{metric}"
    address = await read_address(desk, caller, request, site)
    async with reading_about(desk.engine, address.question, desk.listing) as (connection, question):
        if question.site != address.question.site:
            return Redirect(replace(address.state, site=question.site).href(below=below), status_code=303)
        answer = await overview(connection, question)
        found = await behind(connection, question, in_utc(question, MOST_DAYS))
    page = AboutPage(
        state=address.state,
        controls=controls_of(address.state, below=below, wrong=address.wrong),
        metric=named,
        value=number_in_words(named.unit, answer.numbers[named.name]),
        stands=_stands(found, address.state),
        left_out=_left_out(found, address.state),
        reasons=reasons_of(found.ledger.total),
        gaps=gaps_in_words(found.ledger.gaps),
        ledger=in_words(found.ledger.days),
        ledger_href=address.state.href(below=LEDGER),
    )
    return address.page(views.render("about.html", page=page))


def _stands(found: Behind, state: PageState) -> list[str]:
    counted_ones = {Who.HUMAN: found.people, Who.BOT: found.robots, Who.ALL: found.people + found.robots}[state.who]
    words = [f"{counted(counted_ones, 'event')} of the period"]
    if state.filters:
        words.append("of which those of the visits that the filters choose")
    return words


def _left_out(found: Behind, state: PageState) -> list[str]:
    """Return what of the period is not in the number, in words; what is nothing is not said."""
    stream, imported = found.ledger.total.stream, found.ledger.total.imported
    robots = 0 if state.who is not Who.HUMAN else found.robots
    said = {
        "of robots, by rule": robots,
        "that came again": stream.repeated + imported.repeated,
        "set aside, because they could not be applied": stream.quarantined + imported.quarantined,
        "left out by somebody's decision": stream.left_out + imported.left_out,
        "erased": stream.erased,
        "missing": found.ledger.total.missing,
    }
    return [f"{exactly(number)} {words}" for words, number in said.items() if number]


def _no_such_number() -> Refused:
    return not_found(f"The numbers are {', '.join(METRIC_NAMED)}.", title="There is no such number")
