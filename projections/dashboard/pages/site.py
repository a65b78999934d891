"""The page of one site: everything it shows, answered in one snapshot of the database."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.controls import Controls, controls_of
from projections.dashboard.links import PageState
from projections.dashboard.pages.families import families_of, visits_tabs
from projections.dashboard.pages.marks import Address, mark_of, read_address
from projections.dashboard.pages.waiting import waiting_of
from projections.dashboard.panels.chart import Chart, draw
from projections.dashboard.panels.kinds import panel_kinds
from projections.dashboard.panels.ledger import Strip, strip_of
from projections.dashboard.panels.nothing import Nothing, nothing_of
from projections.dashboard.panels.now import MinuteBar, minutes_of
from projections.dashboard.panels.rows import Panel, fill
from projections.dashboard.panels.tiles import Tile, compared_with, tiles_of
from projections.dashboard.views import Views
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.freshness import Freshness, freshness
from projections.query.known_sites import reading_about
from projections.query.parameters import Who
from projections.query.question import WebQuestion
from projections.query.web.emptiness import why_empty
from projections.query.web.overview import Overview, overview
from projections.query.web.realtime import Realtime, realtime
from projections.query.web.sites import facts_span
from projections.query.web.timeseries import timeseries


class ZoneToKeep(Struct, frozen=True, kw_only=True):
    """A time zone that the address names and the site may remember: what its form sends, and the same page without it."""

    timezone: str
    fields: dict[str, str]
    onward: str


class SitePage(Struct, frozen=True, kw_only=True):
    """What the page of a site shows; ``nothing`` says why the period has nothing, if so, and leads on."""

    state: PageState
    controls: Controls
    zone_to_keep: ZoneToKeep | None
    tiles: list[Tile]
    chart: Chart
    compared_with: str
    panels: list[Panel]
    now: Realtime
    minutes: list[MinuteBar]
    strip: Strip
    nothing: Nothing | None
    freshness: Freshness


@get("/sites/{site:str}", include_in_schema=False)
async def show_site(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
) -> Response[Any]:
    """Show the numbers of a site, or how to get the first fact."""
    address = await read_address(desk, caller, request, site)
    if address.leads_on:
        return Redirect(address.state.href(), status_code=303)
    async with reading_about(desk.engine, address.question, desk.listing) as (connection, question):
        if question.site != address.question.site:
            return Redirect(replace(address.state, site=question.site).href(), status_code=303)
        fresh = await freshness(connection, caller)
        mark = mark_of(desk, fresh)
        if address.wrong is None and mark.is_known_to(request):
            return mark.unchanged()
        facts = await facts_span(connection, caller, question.site)
        families = await families_of(connection, caller, question.site)
        page = await _compose(connection, question, address, fresh) if facts else None
        is_awaited = page is None or _asks_for_people(page)
        waiting = await waiting_of(connection, question, address.state, views.public_url) if is_awaited else None
    if page is None and families:
        return Redirect(families[0].href, status_code=303)
    if waiting is not None and (page is None or (waiting.robots and address.wrong is None)):
        return mark.page(views.render("waiting.html", waiting=waiting, site=question.site, families=families))
    html = views.render("site.html", page=page, families=[*visits_tabs(question.site, address.state), *families])
    return mark.page(html) if address.wrong is None else address.page(html)


def _asks_for_people(page: SitePage) -> bool:
    """Say whether *page* shows nobody although it leaves nobody out but robots."""
    return page.nothing is not None and page.state.who is Who.HUMAN and not page.state.filters


async def _compose(connection: AsyncConnection, question: WebQuestion, address: Address, fresh: Freshness) -> SitePage:
    state = address.state
    answer = await overview(connection, question)
    series = await timeseries(connection, question)
    present = await realtime(connection, question)
    visitors = int(answer.numbers["visitors"] or 0)
    return SitePage(
        state=state,
        controls=controls_of(state, wrong=address.wrong, typed=address.typed),
        zone_to_keep=_zone_to_keep(address),
        tiles=tiles_of(answer, state),
        chart=draw(series, state=state, now=question.now),
        compared_with=compared_with(answer),
        panels=[await fill(connection, question, kind, state, visitors=visitors) for kind in panel_kinds(question.who)],
        now=present,
        minutes=minutes_of(present.pageviews_per_minute),
        strip=await strip_of(connection, question, state),
        nothing=None if _is_something(answer) else nothing_of(await why_empty(connection, question), state),
        freshness=fresh,
    )


def _zone_to_keep(address: Address) -> ZoneToKeep | None:
    state, described = address.state, address.home.described
    if described is None or state.timezone == state.home:
        return None
    version, label = described
    return ZoneToKeep(
        timezone=state.timezone,
        fields={"label": label, "timezone": state.timezone, "expected_version": str(version)},
        onward=replace(state, home=state.timezone).href(),
    )


def _is_something(answer: Overview) -> bool:
    return bool(answer.numbers["visits"] or answer.numbers["pageviews"])
