"""Pages that are drawn before they are visited, and pages that come back: in a Chromium that nobody remote-controls.

A debugger's hand on the browser changes both, so these pages click for themselves and tell the site what they have seen.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import ARGUMENTS
from tests.collector.tracker.servers import Collector, Site, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

RULES = """<script type="speculationrules">
    {"prerender": [{"source": "list", "urls": ["/drawn"], "eagerness": "immediate"}]}
</script>"""
# The page that was drawn ahead says so; only then does the visitor click.
FOLLOW_WHEN_DRAWN = """<a href="/drawn">next</a><script>
    const look = async () => {
        if ((await fetch('/is-drawn')).status == 200) document.querySelector('a').click(); else setTimeout(look, 20);
    };
    look();
</script>"""
SAY_WHEN_DRAWN = """<script>
    collector('too early');
    fetch(document.prerendering ? '/drawn-ahead' : '/not-drawn-ahead');
</script>"""
STUB = "<script>window.collector=window.collector||function(){(collector.q=collector.q||[]).push(arguments)}</script>"
LEAVE_ONCE = """<a href="/away">away</a><script>
    addEventListener('pageshow', ({persisted}) => {
        if (persisted) fetch('/came-back'); else setTimeout(() => document.querySelector('a').click());
    });
</script>"""
GO_BACK = "<script>addEventListener('pageshow', () => setTimeout(() => history.back()))</script>"


class Lonely:
    """A Chromium with one address to open and nobody at the controls."""

    def __init__(self, program: str, profile: Path) -> None:
        self._command = [program, *ARGUMENTS, "--headless", f"--user-data-dir={profile}"]
        self._process: subprocess.Popen[bytes] | None = None

    def open(self, url: str) -> None:
        self._process = subprocess.Popen(
            [*self._command, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def close(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait()


@pytest.fixture
def lonely(chromium: str, tmp_path: Path) -> Iterator[Lonely]:
    browser = Lonely(chromium, tmp_path / "profile")
    yield browser
    browser.close()


async def test_a_page_drawn_ahead_is_counted_when_it_is_visited(lonely: Lonely, site: Site, collector: Collector):
    site.put("/", RULES + FOLLOW_WHEN_DRAWN)
    site.put("/drawn", STUB + SAY_WHEN_DRAWN + collector.tag())
    lonely.open(f"{site.url}/")
    await until(lambda: site.heard("/drawn-ahead"), lambda: "a page drawn ahead")
    assert collector.posts == []
    site.put("/is-drawn", "")
    events = await collector.wait_for(2)
    assert {event["eventName"] for event in events} == {"page_view", "too early"}
    assert {event["url"] for event in events} == {f"{site.url}/drawn"}
    # What is marked as a prefetch is dropped by collectors, ours included.
    assert all("sec-purpose" not in request.headers for request in collector.posts)


async def test_a_page_that_comes_back_is_seen_again(lonely: Lonely, site: Site, collector: Collector):
    site.put("/", LEAVE_ONCE + collector.tag())
    site.put("/away", GO_BACK)
    lonely.open(f"{site.url}/")
    await until(lambda: site.heard("/came-back"), lambda: f"a page from the cache; {site.received}")
    [first, second] = await collector.wait_for(2)
    assert (first["eventName"], first["url"]) == (second["eventName"], second["url"]) == ("page_view", f"{site.url}/")
    assert first["id"] != second["id"]
