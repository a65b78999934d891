"""A server back end that shows a secret key is counted as what it says, and never by luck of its own library's name."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct

from contracts.events import BotRule, DeviceKind, WebFact
from tests.collector.control.telling import controlled, told
from tests.collector.ingest import FIREFOX, Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIBRARIES = (
    "python-requests/2.32.5",
    "python-httpx/0.28.1",
    "axios/1.13",
    "Go-http-client/1.1",
    "okhttp/5.3",
    "node",
    "undici",
    "GuzzleHttp/7",
    "",
)
ITEM = {"domain": "shop.example", "pathname": "/paid", "eventName": "Purchase"}
VISITOR, ANOTHER = "203.0.113.4", "2001:db8::7"


class Back(Struct):
    """A server back end with two keys, one of which may say who its visitors are."""

    collector: Running
    naming: str
    plain: str

    async def send(self, key: str, agent: str = LIBRARIES[0], **more: Any) -> int:
        headers = {"X-API-Key": key, "User-Agent": agent}
        return (await self.collector.http.post("/api/event", json=ITEM | more, headers=headers)).status_code

    async def fact(self, **more: Any) -> WebFact:
        """Send one with the key that may name visitors, and return what was stored."""
        assert await self.send(self.naming, **more) == 204
        fact, data = await self.collector.stored()
        assert isinstance(fact, WebFact)
        for needle in (VISITOR, ANOTHER, FIREFOX, "requests"):
            assert needle.encode() not in data
        return fact


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def back(nats_url: str) -> AsyncIterator[Back]:
    async with controlled(nats_url) as (collector, pen):
        naming, issued = pen.key("main", "ingest", "identity:override")
        plain, other = pen.key("main", "ingest")
        await pen.write([*pen.tenant("main"), *pen.site("main", "shop.example"), *issued, *other])
        await told(collector, pen)
        yield Back(collector, naming, plain)


@pytest.mark.parametrize("agent", LIBRARIES)
async def test_what_a_server_sends_is_no_robots_and_no_device_of_its_library(back: Back, agent: str):
    fact = await back.fact(agent=agent)
    assert (fact.bot, fact.evidence) == (None, ())
    assert (fact.device.kind, fact.device.browser, fact.device.os) == (DeviceKind.OTHER, "", "")
    assert fact.visitor == "", "it is an event, of no visitor and in no visit"


async def test_the_visitor_whom_a_server_passes_on_is_counted_and_forgotten(back: Back):
    first = await back.fact(ip=VISITOR, userAgent=FIREFOX)
    again = await back.fact(ip=VISITOR, userAgent=FIREFOX, agent=LIBRARIES[3])
    other = await back.fact(ip=ANOTHER, userAgent=FIREFOX)
    assert first.visitor == again.visitor != other.visitor
    assert first.device.browser == "Firefox"
    assert first.bot is None


async def test_a_visitor_is_the_same_whether_their_browser_or_their_server_speaks(back: Back):
    headers = {"User-Agent": FIREFOX}
    assert (await back.collector.http.post("/api/event", json=ITEM, headers=headers)).status_code == 204
    by_browser, _ = await back.collector.stored()
    assert isinstance(by_browser, WebFact)
    assert (await back.fact(ip="203.0.113.77", userAgent=FIREFOX)).visitor == by_browser.visitor


async def test_the_agent_that_a_server_passes_on_is_judged(back: Back):
    fact = await back.fact(ip=VISITOR, userAgent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
    assert (fact.bot, fact.bot_name) == (BotRule.CRAWLER, "Googlebot")


async def test_without_an_address_nobody_is_a_visitor_whatever_their_agent(back: Back):
    fact = await back.fact(userAgent=FIREFOX)
    assert (fact.visitor, fact.device.browser) == ("", "Firefox")
    assert (await back.fact(ip=VISITOR)).visitor


async def test_a_visitor_is_passed_on_only_with_a_key_that_allows_it(back: Back):
    assert await back.send(back.plain) == 204
    assert await back.send(back.plain, ip=VISITOR) == 403
    assert await back.send(back.plain, userAgent=FIREFOX) == 403


@pytest.mark.parametrize("wrong", [{"ip": "nowhere"}, {"ip": 7}, {"userAgent": 7}])
async def test_what_is_no_address_is_rejected_by_its_name_and_never_quoted(back: Back, wrong: dict[str, Any]):
    headers = {"X-API-Key": back.naming}
    answer = await back.collector.http.post("/api/event", json=ITEM | wrong, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (400, next(iter(wrong)))
    assert "nowhere" not in answer.text


async def test_a_page_that_names_somebody_else_is_not_believed(back: Back):
    assert (await back.collector.http.post("/api/event", json=ITEM | {"ip": VISITOR, "userAgent": 7})).status_code == 204
    mine, _ = await back.collector.stored()
    assert (await back.collector.http.post("/api/event", json=ITEM)).status_code == 204
    same, _ = await back.collector.stored()
    assert isinstance(mine, WebFact)
    assert isinstance(same, WebFact)
    assert mine.visitor == same.visitor
