"""The page of Minigem's dashboard: the panels of a report of telemetry, of the site that is named, or else bound to Minigem."""

from typing import Any, Final
from urllib.parse import urlencode

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from msgspec import Struct

from contracts.mounts import Mount
from projections.dashboard.pages.families import tabs_of
from projections.dashboard.panels.telemetry import Panel, Tile, panels_of, tiles_of
from projections.dashboard.views import Views
from projections.query.access import MOUNT, caller_in
from projections.query.api import Desk, PlainRequest
from projections.query.database import reading
from projections.query.mounts import ANYBODY, site_at
from projections.query.product.report import Report, Window, report
from projections.replies.minigem import MINIGEM, STATS_DAYS
from projections.replies.minigem_asked import Unreadable, window_asked

PATH: Final = "/minigem/dashboard"
_PERIODS: Final = (1, 30, 90, 365)


class Choice(Struct, frozen=True, kw_only=True):
    """A period that can be chosen."""

    title: str
    href: str
    is_shown: bool


class TelemetryPage(Struct, frozen=True, kw_only=True):
    """What the page shows; ``wrong`` says what was wrong about the days that were asked for, "" where nothing was."""

    site: str
    wrong: str
    report: Report
    periods: list[Choice]
    tiles: list[Tile]
    panels: list[Panel]


@get(PATH, include_in_schema=False, opt={MOUNT: MINIGEM})
async def show_telemetry(desk: NamedDependency[Desk], views: NamedDependency[Views], request: PlainRequest) -> Response[Any]:
    """Show the report of the last days, or of those from ``from`` to ``to``."""
    caller, now, named = caller_in(request), desk.clock(), request.query_params.get("site", "")
    days: int = request.app.state.days.get(Mount.MINIGEM, STATS_DAYS)
    wrong = ""
    try:
        window = window_asked(dict(request.query_params), now=now, days=days)
    except Unreadable as unreadable:
        window, wrong = window_asked({}, now=now, days=days), unreadable.words
    async with reading(desk.engine, caller) as connection:
        site = await site_at(connection, caller, Mount.MINIGEM, desk.listing, named=named)
        told = await report(connection, caller, site, window)
        # Whoever may read this one without signing in may read no other.
        families = [] if caller.credential == ANYBODY else await tabs_of(connection, caller, site)
    page = TelemetryPage(
        site=site, wrong=wrong, report=told, periods=_periods(window, days, named), tiles=tiles_of(told), panels=panels_of(told)
    )
    html = views.render("minigem.html", page=page, families=families)
    return Response(html, media_type=MediaType.HTML, status_code=400 if wrong else 200)


def _periods(shown: Window, usual: int, named: str) -> list[Choice]:
    choices = []
    for days in sorted({*_PERIODS, usual}):
        window = window_asked({}, now=shown.now, days=days)
        is_shown = (window.first, window.last) == (shown.first, shown.last)
        asked = {"from": window.first, "to": window.last} | ({"site": named} if named else {})
        href = f"{PATH}/?{urlencode(asked)}"
        choices.append(Choice(title="Today" if days == 1 else f"{days} days", href=href, is_shown=is_shown))
    return choices
