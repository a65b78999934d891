"""What Chromium really sends, read by the dialect that has to understand it."""

from datetime import UTC, datetime

import pytest

from collector.arrival import Arrival
from collector.dialects.native import read_one
from collector.hit import Hit, HitKind
from contracts.events import Money
from tests.collector.tracker.conftest import Tab
from tests.collector.tracker.servers import Collector, Received, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


def read(request: Received) -> Hit:
    arrival = Arrival(
        received_at=datetime(2026, 11, 22, tzinfo=UTC),
        method=request.method,
        path=request.path,
        query=b"",
        headers={name.encode(): value.encode() for name, value in request.headers.items()},
        body=request.body.encode(),
        ip="203.0.113.7",
    )
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
    hits = {(hit.kind, hit.url): hit for hit in map(read, collector.posts)}
    first = hits[HitKind.PAGEVIEW, f"{site.url}/a?utm_source=news"]
    order = hits[HitKind.EVENT, f"{site.url}/a?utm_source=news"]
    spent = hits[HitKind.ENGAGEMENT, f"{site.url}/a?utm_source=news"]
    second = hits[HitKind.PAGEVIEW, f"{site.url}/b"]
    assert len(hits) == 4
    assert (first.site, first.referrer, first.timezone) == ("shop.example", "http://search.example/", "Europe/Berlin")
    assert (order.name, order.props, order.interactive) == ("Order", {"plan": "pro"}, False)
    assert order.revenue == Money(amount="9.90", currency="EUR")
    assert spent.engaged_ms >= 5_000
    assert spent.scroll_percent == 100
    assert second.referrer == f"{site.url}/a?utm_source=news"
    assert len({hit.key for hit in hits.values()}) == 4
