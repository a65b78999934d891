"""A newcomer's first day: start, paste the snippet, click, watch the numbers rise, lose the database, get it all back."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Browser, Page, expect

from contracts.snippet import snippet
from tests.browser import USER_AGENT
from tests.collector.tracker.servers import Site
from tests.running import Up, eventually
from tests.walk.answers import ask, everything, everything_written, numbers

pytestmark = pytest.mark.asyncio(loop_scope="session")

SITE = "first.example"
CANARY = "CanaryBrowser/4f1c9a7be02d"
PATIENCE_MS = 30_000


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    yield server
    server.close()


async def test_a_pageview_becomes_an_answer_and_survives_the_database(up, collector, site: Site, browser: Browser):
    running: Up = up().wait_until_ready()
    for path, link in (("/", "/pricing"), ("/pricing", "/join"), ("/join", "/")):
        site.put(path, f'{snippet(SITE, f"http://127.0.0.1:{running.port}")}<a href="{link}">on</a>')
    context = await browser.new_context(user_agent=f"{USER_AGENT} {CANARY}", timezone_id="Europe/Oslo")

    dashboard = await context.new_page()
    await dashboard.goto(f"http://127.0.0.1:{running.port}/sites/{SITE}?period=today")
    await expect(dashboard.get_by_text("waiting for the first event", exact=False)).to_be_visible()

    visitor = await context.new_page()
    await click_through(visitor, f"http://127.0.0.1:{site.port}")
    eventually(lambda: numbers(running, SITE)["pageviews"] == 3, "three pageviews are counted")
    eventually(lambda: ask(running, f"/api/stats/{SITE}/breakdown/event")["rows"], "the custom event is counted")
    await expect(dashboard.get_by_text("/pricing").first).to_be_visible(timeout=PATIENCE_MS)
    # A page sends its engagement as it goes, at a moment that nobody hears of; who has opted out sends none.
    await visitor.evaluate("window.collector.optOut()")
    await context.close()

    before = settled(running)
    assert before["overview"] | {"visit_duration": 0} == {
        "visitors": 1,
        "visits": 1,
        "pageviews": 3,
        "bounce_rate": 0.0,
        "visit_duration": 0,
    }
    assert [row["value"] for row in before["breakdowns"]["country"]] == ["NO"]
    assert CANARY.encode() not in everything_written(running)
    assert SITE.encode() in everything_written(running), "the search must be able to find what is there"

    assert running.stop() == 0
    running = up().wait_until_ready()
    assert everything(running, SITE) == before, "a second start resumes"

    await drop_database(running.runtime["database_url"])
    rebuilt = collector("backfill", "--data", str(running.data))
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert everything(running, SITE) == before, "the same facts give the same answers"
    assert running.stop() == 0


async def click_through(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_role("link", name="on").click()
    await page.wait_for_url(f"{address}/pricing")
    await page.get_by_role("link", name="on").click()
    await page.wait_for_url(f"{address}/join")
    heard = await page.evaluate("() => new Promise(callback => window.collector('Signup', {props: {plan: 'pro'}, callback}))")
    assert heard == {"status": 204}, json.dumps(heard)


def settled(running: Up) -> dict[str, Any]:
    """Return every answer, once the projector has read everything and two in a row are the same."""
    answers: list[dict[str, Any]] = []

    def are_the_same() -> bool:
        eventually(lambda: nothing_is_left_to_count(running), "the projector has read everything")
        answers.append(everything(running, SITE))
        return len(answers) > 1 and answers[-1] == answers[-2]

    eventually(are_the_same, "the answers stand still")
    return answers[-1]


def nothing_is_left_to_count(running: Up) -> bool:
    metrics = ask_text(running.runtime["projector_port"], "/metrics")
    lag = [line for line in metrics.splitlines() if line.startswith("collector_projection_lag_events")]
    return bool(lag) and all(float(line.rpartition(" ")[2]) == 0 for line in lag)


def ask_text(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read().decode()


async def drop_database(url: str) -> None:
    server, _, name = url.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()
