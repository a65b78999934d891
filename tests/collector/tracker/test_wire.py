"""What Chromium really sends, read by the dialect that has to understand it."""

from datetime import UTC, datetime

import pytest

from collector.arrival import Arrival, Head
from collector.dialects.native import read_one
from collector.hit import A_PAGE, Hit
from collector.kinds.web import EngagementClaim, EventClaim, PageviewClaim, WebClaim
from contracts.events import Money, Screen
from tests.collector.tracker.conftest import Tab
from tests.collector.tracker.servers import Collector, Received, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


def read(request: Received) -> Hit:
    head = Head(
        method=request.method,
        path=request.path,
        query=b"",
        headers={name.lower().encode(): value.encode() for name, value in request.headers.items()},
        ip="203.0.113.7",
    )
    now = datetime(2026, 11, 22, tzinfo=UTC)
    arrival = Arrival(head=head, sender=A_PAGE, received_at=now, body=request.body.encode())
    [hit] = read_one(arrival)
    assert isinstance(hit, Hit)
    return hit


async def test_the_ingest_reads_every_kind_of_event(tab: Tab, site: Site, collector: Collector):
    await tab.page.clock.install()
    await tab.open("/a?utm_source=news", referer="http://search.example/")
    await tab.collector(
        "Order", {"props": {"plan": "pro"}, "revenue": {"amount": "9.90", "currency": "EUR"}, "interactive": False}
    )
    await tab.page.clock.run_for(5_000)
    await tab.page.evaluate("history.pushState({}, '', '/b')")
    await tab.sent()
    hits = list(map(read, collector.posts))
    claims = {(type(hit.claim), hit.claim.url): hit.claim for hit in hits if isinstance(hit.claim, WebClaim)}
    first = claims[PageviewClaim, f"{site.url}/a?utm_source=news"]
    order = claims[EventClaim, f"{site.url}/a?utm_source=news"]
    spent = claims[EngagementClaim, f"{site.url}/a?utm_source=news"]
    second = claims[PageviewClaim, f"{site.url}/b"]
    assert len(claims) == 4
    assert {(hit.site, hit.person.timezone) for hit in hits} == {("shop.example", "Europe/Berlin")}
    assert not any(hit.person.has_odd_headers for hit in hits)
    assert {claim.screen for claim in claims.values()} == {Screen.LARGE}
    assert first.referrer == "http://search.example/"
    assert isinstance(order, EventClaim)
    assert (order.name, order.props, order.interactive) == ("Order", {"plan": "pro"}, False)
    assert order.revenue == Money(amount="9.90", currency="EUR")
    assert isinstance(spent, EngagementClaim)
    assert spent.engaged_ms >= 5_000
    assert spent.scroll_percent == 100
    assert second.referrer == f"{site.url}/a?utm_source=news"
    assert len({hit.key for hit in hits}) == 4
