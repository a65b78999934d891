"""The page of everybody's ledger: every account of a tenant, and by day what names none of its sites, or nobody at all."""

from typing import Any, Final
from urllib.parse import quote

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from msgspec import UNSET, Struct

from projections.dashboard.controls import Controls
from projections.dashboard.days import address_of_days, controls_of_days
from projections.dashboard.mended import mended
from projections.dashboard.panels.accounts import Defined, defined
from projections.dashboard.panels.ledger import (
    LEDGER,
    SIGNS,
    WORDS,
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
from projections.query.database import reading
from projections.query.ledger.answers import LedgerDay, TenantLedger, Whose, in_utc, ledger_of_all
from projections.query.ledger.api import LEDGER_PARAMETERS, MAX_DAYS_OF_ALL, of_days
from projections.query.parameters import AFTER
from projections.query.question import WebQuestion

PATH: Final = f"/{LEDGER}"
_OF_NO_SITE, _OF_NOBODY = "of-no-site", "of-nobody"


class Account(Struct, frozen=True, kw_only=True):
    """A line of the list: whose it is, ``site`` being "" where it is no site's, and where its days are."""

    site: str
    title: str
    href: str
    total: LedgerDay
    verdict: str
    sign: str
    first: str


class ByDay(Struct, frozen=True, kw_only=True):
    """What is no site's, day by day; ``id`` is where it stands on the page."""

    id: str
    title: str
    words: str
    rows: list[Row]
    reasons: list[tuple[str, int]]


class LedgersPage(Struct, frozen=True, kw_only=True):
    """What the page shows."""

    controls: Controls
    ledger: TenantLedger
    words: str
    first: str
    gaps: list[str]
    accounts: list[Account]
    by_day: list[ByDay]
    defined: Defined
    api: str


@get(PATH, include_in_schema=False)
async def show_ledgers(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], views: NamedDependency[Views], request: PlainRequest
) -> Response[Any]:
    """Show both sides of every account that somebody may see."""
    now = desk.clock()
    query = request.scope["query_string"]
    _, asked, wrong = mended(query, (*LEDGER_PARAMETERS, AFTER), lambda values: of_days(values, caller=caller, now=now))
    async with reading(desk.engine, caller) as connection:
        ledger = await ledger_of_all(connection, in_utc(asked, MAX_DAYS_OF_ALL))
    nowhere = [one.days for one in ledger.accounts if one.days is not UNSET]
    page = LedgersPage(
        controls=controls_of_days(PATH, asked, most=MAX_DAYS_OF_ALL, wrong=wrong),
        ledger=ledger,
        words=in_words(ledger.days),
        first=first_in_words(ledger.first),
        gaps=gaps_in_words(ledger.gaps),
        accounts=[_account(one, asked) for one in ledger.accounts],
        by_day=[_by_day(one, one.days) for one in ledger.accounts if one.days is not UNSET],
        # A gap is one in every account, so those that are always there have all of them.
        defined=defined(
            ledger.total, nowhere[-1] if nowhere else ledger.days, told_until=ledger.as_of, read_until=ledger.read_until
        ),
        api=address_of_days(f"/api/stats/{LEDGER}", asked.period, asked.days),
    )
    html = views.render("ledgers.html", page=page)
    return Response(html, media_type=MediaType.HTML, status_code=400 if wrong else 200)


def _account(one: Whose, asked: WebQuestion) -> Account:
    below = f"/sites/{quote(one.site)}/{LEDGER}"
    return Account(
        site=one.site,
        title=_title(one),
        href=address_of_days(below, asked.period, asked.days) if one.site else f"#{_id(one)}",
        total=one.total,
        verdict=WORDS[one.total.verdict],
        sign=SIGNS[one.total.verdict],
        first=first_in_words(one.first),
    )


def _by_day(one: Whose, days: list[LedgerDay]) -> ByDay:
    return ByDay(id=_id(one), title=_title(one), words=in_words(days), rows=rows_of(days), reasons=reasons_of(one.total))


def _title(one: Whose) -> str:
    if one.site:
        return one.site
    return "What names nobody" if one.is_nobodys else "What names no site"


def _id(one: Whose) -> str:
    return _OF_NOBODY if one.is_nobodys else _OF_NO_SITE
