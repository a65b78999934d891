"""The ledger's addresses: of one site, and of everything that a tenant has."""

from collections.abc import Mapping
from datetime import datetime

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from projections.query.api import Desk, PlainRequest, Questioned
from projections.query.asked import site_named
from projections.query.caller import Caller
from projections.query.database import reading
from projections.query.known_sites import reading_about
from projections.query.ledger.answers import SiteLedger, TenantLedger, in_utc, ledger_of_all, ledger_of_one
from projections.query.parameters import QUESTION_PARAMETERS, read_parameters
from projections.query.problems import bad_parameter
from projections.query.question import WebQuestion, parse_question

# Hours of UTC add up to days of UTC alone, and the tallies of older hours are not kept.
LEDGER_PARAMETERS = tuple(parameter for parameter in QUESTION_PARAMETERS if parameter.name in ("period", "from", "to"))
MAX_DAYS_OF_ONE = 400
# Each hour of each site is looked at.
MAX_DAYS_OF_ALL = 31


class Accounted(Questioned):
    """An operation that takes the parameters of the ledger."""

    known = LEDGER_PARAMETERS


@get(
    "/ledger",
    summary="Whether everything that was received is accounted for, by account and UTC day",
    operation_class=Accounted,
)
async def read_ledger(desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest) -> TenantLedger:
    """Return both sides of every account: each site's, and what named none; at most 31 days."""
    question = ask_ledger(desk, caller, request, most=MAX_DAYS_OF_ALL)
    async with reading(desk.engine, caller) as connection:
        return await ledger_of_all(connection, in_utc(question, MAX_DAYS_OF_ALL))


@get(
    "/{site:str}/ledger",
    summary="Whether everything that was received for a site is accounted for, by UTC day",
    operation_class=Accounted,
)
async def read_ledger_of_site(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> SiteLedger:
    """Return both sides of each UTC day, and the hours that do not add up or are not known whole; at most 400 days."""
    asked = ask_ledger(desk, caller, request, site_named(site), most=MAX_DAYS_OF_ONE)
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        return await ledger_of_one(connection, in_utc(question, MAX_DAYS_OF_ONE))


def ask_ledger(desk: Desk, caller: Caller, request: PlainRequest, *sites: str, most: int) -> WebQuestion:
    """Return the question in *request*, about at *most* so many days, or raise Refused."""
    values = read_parameters(request.scope["query_string"], LEDGER_PARAMETERS)
    return of_days(values, caller=caller, sites=sites, now=desk.clock(), most=most)


def of_days(
    values: Mapping[str, list[str]], *, caller: Caller, sites: tuple[str, ...] = (), now: datetime, most: int = MAX_DAYS_OF_ALL
) -> WebQuestion:
    """Return the question in *values* about at *most* so many UTC days, or raise Refused."""
    question = parse_question({**values, "timezone": ["UTC"]}, caller=caller, sites=sites, now=now)
    if len(question.days) > most:
        raise bad_parameter("from" if "from" in values else "period", f"Ask for at most {most} days of the ledger at once.")
    return question


LEDGER = Router(path="/api/stats", route_handlers=[read_ledger, read_ledger_of_site], tags=["stats"])
