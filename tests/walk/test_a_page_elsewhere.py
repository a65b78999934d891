"""A page of another origin and the whole product: everything it can send arrives, and what it says wrongly does not count."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.collector.tracker.servers import Site
from tests.running import Up, eventually
from tests.walk.answers import numbers

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANUAL = Path(__file__).parents[2] / "collector" / "tracker" / "README.md"
OWN = "own.example"


def ways_to_send() -> list[str]:
    """Return the lines that the manual gives to whoever writes a client."""
    section = MANUAL.read_text(encoding="utf-8").split("## A client of your own\n")[1]
    return re.findall(r"^((?:navigator|fetch).*?\));?(?: +//.*)?$", section, re.MULTILINE)


async def test_everything_that_the_manual_says_to_send_arrives(up, browser: Browser):
    running: Up = up().wait_until_ready()
    site = Site()
    try:
        site.put("/", "")
        context = await browser.new_context()
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda line: complaints.append(line.text) if "CORS" in line.text else None)
        await page.goto(f"{site.url}/")
        ways = ways_to_send()
        assert len(ways) == 3
        for number, way in enumerate((*ways, ways[1].replace("application/json", "application/json;charset=UTF-8"))):
            script = f"const [api, event] = arguments_; return {way}"
            event = {"domain": OWN, "pathname": f"/{number}"}
            sent = await page.evaluate(
                f"async (arguments_) => {{ const sent = await (() => {{ {script} }})(); return sent === true || sent.status }}",
                [f"http://stats.example:{running.port}/api/event", event],
            )
            assert sent in (True, 204)
        eventually(lambda: numbers(running, OWN)["pageviews"] == len(ways) + 1, "every page is counted")
        assert complaints == []
        await counts_what_is_meant(page, site, running)
        await context.close()
    finally:
        site.close()
    assert running.stop() == 0


async def counts_what_is_meant(page, site: Site, running: Up) -> None:
    """See that the snippet's wrong calls make no page, that they are told, and that the address of a page is honoured."""
    address = f"http://stats.example:{running.port}"
    site.put("/shop", f'<script defer data-site="shop.example" src="{address}/js/c.js"></script>')
    await page.goto(f"{site.url}/shop")
    call = "([name, options]) => new Promise((callback) => collector(name, {...options, callback}))"
    assert await page.evaluate(call, ["", {}]) == {"error": "an event needs a name"}
    assert await page.evaluate(call, ["pageview", {"url": "/virtual"}]) == {"status": 204}
    cut = await page.evaluate(call, ["x" * 121, {"props": {"email": "a", "list": [1]}}])
    assert cut == {"status": 204, "changed": "props_left_out, name_cut, props_personal"}
    refused = await page.evaluate(call, ["Order", {"revenue": {"amount": "free", "currency": "EUR"}}])
    assert (refused["status"], "decimal number" in refused["detail"]) == (400, True)
    eventually(lambda: numbers(running, "shop.example")["pageviews"] == 2, "two pages and no more")
    site.put("/unnamed", f'<script defer data-site="" src="{address}/js/c.js"></script>')
    await page.goto(f"{site.url}/unnamed")
    unnamed = await page.evaluate(call, ["x", {}])
    assert (unnamed["status"], "site's name is empty" in unnamed["detail"]) == (400, True)
