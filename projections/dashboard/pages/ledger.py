"""The page of a site's ledger: what was received and what became of it, day by day, with both sides beside each other."""

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
from projections.dashboard.panels.ledger import (
    LEDGER,
    MOST_DAYS,
    Row,
    gaps_in_words,
    in_utc,
    in_words,
    reasons_of,
    remark_of,
    rows_of,
)
from projections.dashboard.views import Views
from projections.dashboard.words import day_in_words
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.known_sites import reading_about
from projections.query.ledger.answers import SiteLedger, ledger_of_one
from projections.query.ledger.balance import MEANINGS, Verdict


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
    meanings: dict[Verdict, str]
    left_out_days: int
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
        words=in_words(ledger),
        first="" if ledger.first is None else f"{day_in_words(ledger.first.hour)}. {remark_of(ledger.first)}",
        rows=rows_of(ledger),
        reasons=reasons_of(ledger.total),
        gaps=gaps_in_words(ledger),
        meanings=MEANINGS,
        left_out_days=max((question.days.last - question.days.first).days + 1 - MOST_DAYS, 0),
        api=replace(state, filters=(), timezone="UTC").between(asked.days.first, asked.days.last).api(LEDGER),
    )
    return address.page(views.render("ledger.html", page=page))
