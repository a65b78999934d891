"""The page of a site's ledger: what was received and what became of it, day by day, with both sides beside each other."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct
from msgspec.structs import replace

from projections.dashboard.controls import Controls, controls_of
from projections.dashboard.days import address_of_days
from projections.dashboard.links import PageState
from projections.dashboard.pages.ledgers import PATH
from projections.dashboard.pages.marks import read_address
from projections.dashboard.panels.accounts import Defined, defined
from projections.dashboard.panels.ledger import (
    LEDGER,
    MOST_DAYS,
    Row,
    first_in_words,
    gaps_in_words,
    in_words,
    reasons_of,
    rows_of,
)
from projections.dashboard.views import Views
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.known_sites import reading_about
from projections.query.ledger.answers import SiteLedger, in_utc, ledger_of_one
from projections.query.ledger.api import MAX_DAYS_OF_ALL
from projections.query.question import WebQuestion


class LedgerPage(Struct, frozen=True, kw_only=True):
    """What the page shows; ``left_out_days`` is how many days of the period it has no room for."""

    state: PageState
    controls: Controls
    ledger: SiteLedger
    words: str
    first: str
    rows: list[Row]
    reasons: list[tuple[str, int]]
    gaps: list[str]
    defined: Defined
    left_out_days: int
    accounts: str
    api: str


@get(f"/sites/{{site:str}}/{LEDGER}", include_in_schema=False)
async def show_ledger(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
) -> Response[Any]:
    """Show both sides of every UTC day, and what does not meet."""
    address = await read_address(desk, caller, request, site)
    async with reading_about(desk.engine, address.question, desk.listing) as (connection, question):
        if question.site != address.question.site:
            return Redirect(replace(address.state, site=question.site).href(below=LEDGER), status_code=303)
        asked = in_utc(question, MOST_DAYS)
        ledger = await ledger_of_one(connection, asked)
    state = address.state
    # Its days are UTC's, and its hits everybody's: neither a zone, nor a filter, nor people alone can be asked for.
    shown = replace(controls_of(state, below=LEDGER, wrong=address.wrong), who=[], chips=[])
    page = LedgerPage(
        state=state,
        controls=shown,
        ledger=ledger,
        words=in_words(ledger.days),
        first=first_in_words(ledger.first),
        rows=rows_of(ledger.days),
        reasons=reasons_of(ledger.total),
        gaps=gaps_in_words(ledger.gaps),
        defined=defined(ledger.total, ledger.days, told_until=ledger.as_of, read_until=ledger.read_until),
        left_out_days=max((question.days.last - question.days.first).days + 1 - MOST_DAYS, 0),
        accounts=_accounts(asked),
        api=replace(state, filters=(), timezone="UTC").between(asked.days.first, asked.days.last).api(LEDGER),
    )
    return address.page(views.render("ledger.html", page=page))


def _accounts(asked: WebQuestion) -> str:
    """Return where all accounts are, of the days that *asked* is about where those are as few as are shown there."""
    return address_of_days(PATH, asked.period, asked.days) if len(asked.days) <= MAX_DAYS_OF_ALL else PATH
