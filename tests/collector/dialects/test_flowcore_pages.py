"""A page with the snippet of the Flowcore collector's README, unmodified but for its address, in a real browser."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from collector.serving.listening import listen
from collector.serving.server import serve_until_told
from collector.stream import connection as broker
from contracts.codec import CODEC, type_of
from contracts.events import Fact
from tests.collector.ingest import Running, running
from tests.collector.tracker.servers import Site
from tests.facts import STREAM

pytestmark = pytest.mark.asyncio(loop_scope="session")

SNIPPET = """<script>
(function() {
  const ANALYTICS_ENDPOINT = '%s';

  function track(eventName, customProperties = {}) {
    fetch(ANALYTICS_ENDPOINT, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        pathname: window.location.pathname,
        referrer: document.referrer,
        eventName,
        customProperties
      })
    }).catch(console.error);
  }

  // Track page view
  track('page_view');

  // Expose global function for custom events
  window.trackEvent = track;
})();
</script>"""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def collector(nats_url: str) -> AsyncIterator[tuple[Running, int]]:
    """An ingest half, and the port that it listens on."""
    async with running(nats_url) as collector:
        with listen("127.0.0.1", 0) as bound:
            serving = asyncio.create_task(serve_until_told(collector.ingest.app, bound, begin_drain=lambda: None))
            yield collector, bound.getsockname()[1]
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving


@pytest.mark.parametrize("address", ["/api/event", "/flowcore/api/event"])
async def test_the_readmes_snippet_and_its_usage_examples_work(
    collector: tuple[Running, int], browser: Browser, site: Site, address: str
):
    running, port = collector
    before = await running.count()
    site.put("/welcome", SNIPPET % f"http://stats.example:{port}{address}")
    context = await browser.new_context()
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text))
    await page.goto(f"{site.url}/welcome")
    await page.evaluate("trackEvent('button_click', { button: 'signup' })")
    await page.evaluate("trackEvent('form_submit', { form: 'contact' })")
    await page.evaluate("trackEvent('video_play', { video: 'intro', duration: 120 })")
    async with asyncio.timeout(20):
        while await running.count() < before + 4:
            await asyncio.sleep(0.02)
    await context.close()
    assert complaints == []
    facts = {getattr(fact, "name", ""): fact for fact in await stored(running, before)}
    assert {fact.site for fact in facts.values()} == {"shop.example"}
    assert {fact.page.path for fact in facts.values()} == {"/welcome"}
    assert type_of(facts[""]) == "page_viewed.v2"
    assert facts["button_click"].props == {"button": "signup"}
    assert facts["video_play"].props == {"video": "intro", "duration": 120}
    assert len({fact.visitor for fact in facts.values()}) == 1
    assert {fact.bot for fact in facts.values()} == {None}


async def stored(running: Running, after: int) -> list[Fact]:
    """Return the four facts behind the first *after*."""
    found = []
    for seq in range(after + 1, after + 5):
        answer = await broker.ask(running.client, f"STREAM.MSG.GET.{STREAM}", {"seq": seq})
        found.append(CODEC.decode(base64.b64decode(answer.message.data)))
    return found
