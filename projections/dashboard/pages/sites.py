"""The front page: the sites that there are, or how to get the first fact."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct

from projections.dashboard.pages.marks import mark_of
from projections.dashboard.panels.mistakes import notes_on
from projections.dashboard.panels.not_stored import notice_of
from projections.dashboard.views import Views
from projections.dashboard.words import days_in_words
from projections.query.api import Desk, PlainRequest
from projections.query.asked import MAX_DAYS, site_named
from projections.query.caller import Caller
from projections.query.database import reading
from projections.query.freshness import freshness
from projections.query.mistakes import mistakes_in
from projections.query.periods import Days, Period, Span
from projections.query.signs import signs_of
from projections.query.tallies import told_until
from projections.query.web.sites import list_sites, spans_of

_LATELY = timedelta(days=7)


@get("/", include_in_schema=False)
async def show_sites(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
) -> Response[Any]:
    """Show the sites, or how to get the first fact; ?site=name leads to that site."""
    wanted = request.query_params.get("site", "").strip()
    if wanted:
        return Redirect(f"/sites/{site_named(wanted)}", status_code=303)
    async with reading(desk.engine, caller) as connection:
        fresh = await freshness(connection, caller)
        mark = mark_of(desk, fresh)
        if mark.is_known_to(request):
            return mark.unchanged()
        answer = await list_sites(connection, caller, desk.clock(), desk.listing)
        signs = await signs_of(connection, caller, desk.clock(), await told_until(connection))
        spans = await spans_of(connection, caller, [one.site for one in answer.sites if not one.visitors])
    shown = {
        "sites": answer.sites,
        "notes": notes_on(mistakes_in(signs, {})),
        "quiet": {site: _quiet(site, span, desk.clock()) for site, span in spans.items()},
        "notice": notice_of(answer.not_stored, desk.clock()),
    }
    return mark.page(views.render("sites.html", **shown, freshness=fresh))


class Quiet(Struct, frozen=True, kw_only=True):
    """A site without visitors in the last days: when it had any, and where those are."""

    words: str
    href: str


def _quiet(site: str, span: Span, now: datetime) -> Quiet | None:
    days = Days(span.since.date(), span.until.date())
    if days.last > now.date() - _LATELY:
        return None
    first = max(days.first, days.last - timedelta(days=MAX_DAYS - 1))
    asked = urlencode({"period": Period.CUSTOM.value, "from": first.isoformat(), "to": days.last.isoformat()})
    return Quiet(words=f"Visits from {days_in_words(days)}", href=f"/sites/{quote(site)}?{asked}")
