"""A recording collector, a site, and a visitor with a tab of a real browser."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.collector.tracker.servers import Collector, Site

# Requests overtake each other on their way; the page knows in which order it sent them, and when each was answered.
NOTICE_REQUESTS = """{
    const own = window.fetch;
    window.answered = [];
    window.fetch = (url, options) => {
        const answer = own(url, options);
        if (!options) return answer;
        const { id } = JSON.parse(options.body);
        answered.push(answer.then(() => id, () => id));
        return answer;
    };
}"""
# The snippet's one timer is the wait before a second attempt.
NOTICE_TIMERS = "{ const own = setTimeout; window.setTimeout = (f, ms) => { window.asleep = ms; return own(f, ms) } }"


class Tab:
    """A tab that knows what its page has sent, what its pages complained about, and what they were told."""

    def __init__(self, page: Page, collector: Collector, site: Site) -> None:
        self.page = page
        self.errors: list[str] = []
        self.complaints: list[str] = []
        self.told: list[str] = []
        self._collector = collector
        self._site = site
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("console", lambda line: self.told.append(line.text) if line.type == "warning" else None)

    async def open(self, path: str = "/", **options: Any) -> None:
        """Go to a page of the site."""
        await self.page.goto(self._site.url + path, **options)

    async def collector(self, *call: Any) -> dict[str, Any]:
        """Call ``collector(name, options)`` in the page and return what its callback hears."""
        name, options = (*call, {})[:2]
        script = "([name, options]) => new Promise((callback) => collector(name, {...options, callback}))"
        heard: dict[str, Any] = await self.page.evaluate(script, [name, options])
        return heard

    async def sent(self) -> list[dict[str, Any]]:
        """Return every event that the page has sent so far, in the order in which it sent them."""
        ids: list[str] = await self.page.evaluate("Promise.all(answered)")
        arrived = [event for event in self._collector.events if event["id"] in ids]
        return sorted(arrived, key=lambda event: ids.index(event["id"]))

    async def forget(self) -> None:
        """Start to count anew."""
        await self.sent()
        await self.page.evaluate("answered.length = 0")
        self._collector.received.clear()

    async def hold_time(self) -> None:
        """Give the next pages a clock that can be moved on."""
        await self.page.clock.install()
        await self.page.add_init_script(NOTICE_TIMERS)

    async def waits(self) -> int:
        """Return how many milliseconds the snippet waits before a second attempt, once it does; then let them pass."""
        asleep = await self.page.wait_for_function("window.asleep")
        milliseconds: int = await asleep.json_value()
        await self.page.clock.run_for(milliseconds)
        return milliseconds


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    yield server
    server.close()


@pytest.fixture
def site(collector: Collector) -> Iterator[Site]:
    """A site whose pages /, /a and /b carry the snippet."""
    server = Site()
    for path in ("/", "/a", "/b"):
        server.put(path, collector.tag())
    yield server
    server.close()


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser, collector: Collector, site: Site) -> AsyncIterator[Tab]:  # the fixture
    """A tab of a new visitor; whatever the test did, no script may have thrown in it."""
    context = await browser.new_context(locale="de-DE", timezone_id="Europe/Berlin")
    await context.add_init_script(NOTICE_REQUESTS)
    opened = Tab(await context.new_page(), collector, site)
    yield opened
    await context.close()
    assert opened.errors == []
