"""The Flowcore collector's form where an example cannot say it: its preflight, its health, its ids, and its transformer."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from collector.dialects.flowcore import documents
from contracts.events import Channel, EventRecorded, Page, PageViewed, Source
from contracts.flowcore import NOBODY
from projections.forwarding.form import delivery_of
from tests.collector.control.telling import controlled, told
from tests.collector.ingest import ADDRESS, FIREFOX, Running, running
from tests.facts import event, pageview

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = "2026-11-20"
SEEN = "ab" * 32
PAID = Source(name="Google", channel=Channel.PAID_SEARCH, referrer="https://google.com", utm_source="google", utm_medium="cpc")
FAILED = "Failed to process event in pathway visitor.v0/visitor.tracked.v0: Event validation failed: visitorHash:"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def keyed(nats_url: str) -> AsyncIterator[tuple[Running, str, str]]:
    """An ingest half, a secret key, and one that stands in pages."""
    async with controlled(nats_url) as (collector, pen):
        secret, issued = pen.key("main", "ingest")
        public, shown = pen.key("main", "ingest", is_public=True)
        await pen.write([*pen.tenant("main"), *pen.site("main", "shop.example"), *issued, *shown])
        await told(collector, pen)
        yield collector, secret, public


def delivery(event_id: str, *, names: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    payload = {
        "visitorHash": SEEN,
        "domain": "shop.example",
        "pathname": "/home",
        "referrer": "https://google.com",
        "sessionContext": {"dailySaltRotation": DAY, **(names or {})},
    }
    return {
        "eventId": event_id,
        "timeBucket": "20261120000000",
        "tenant": "acme",
        "dataCoreId": "flow-analytics",
        "flowType": "visitor.v0",
        "eventType": "visitor.tracked.v0",
        "metadata": {},
        "validTime": f"{DAY}T10:00:00.000Z",
        "payload": payload | changed,
    }


async def test_an_event_that_is_forwarded_twice_is_stored_once_with_its_own_visitor_day_and_time(keyed):
    collector, secret, _ = keyed
    before = await collector.count()
    for _ in range(2):
        answer = await collector.http.post("/api/transformer", json=delivery("e1"), headers={"X-Secret": secret})
        assert (answer.status_code, answer.text) == (200, "OK")
    assert await collector.count() == before + 1
    fact, data = await collector.stored()
    assert (fact.visitor, fact.salt_day.isoformat(), fact.page.path, fact.source.name) == (SEEN, DAY, "/home", "Google")
    assert fact.occurred_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert fact.batch == "flowcore"
    for needle in (ADDRESS, FIREFOX):
        assert needle.encode() not in data


async def test_what_flowcores_own_schema_leaves_out_makes_an_event_of_it(keyed):
    collector, secret, _ = keyed
    names = {
        "eventName": "Signup",
        "customProperties": {"plan": "pro", "email": "kim@example.org"},
        "hostname": "www.shop.example",
        "campaign": {"utm_source": "mail"},
        "bot": "crawler",
    }
    sent = delivery("e2", names=names, visitorHash=NOBODY)
    await collector.http.post("/flowcore/api/transformer", json=sent, headers={"X-Secret": secret})
    fact, data = await collector.stored()
    assert (fact.name, fact.props, fact.visitor, fact.bot.value) == ("Signup", {"plan": "pro"}, "", "automation")
    assert (fact.page.hostname, fact.source.utm_source) == ("www.shop.example", "mail")
    assert b"kim@example.org" not in data, "what comes from elsewhere is redacted, too"


async def test_what_a_sink_sends_is_what_the_transformer_takes(keyed):
    collector, secret, _ = keyed
    page = Page(hostname="www.shop.example", path="/a%20b")
    fact = event("Signup", site="shop.example", page=page, source=PAID, props={"plan": "pro", "seats": 3}, interactive=False)
    delivered = delivery_of(fact)
    answer = await collector.http.post("/api/transformer", content=msgspec.json.encode(delivered), headers={"X-Secret": secret})
    assert answer.text == "OK"
    there, _ = await collector.stored()
    same = ("id", "tenant", "site", "occurred_at", "salt_day", "name", "props", "interactive", "source", "page")
    assert {name: getattr(there, name) for name in same} == {name: getattr(fact, name) for name in same}
    assert there.visitor == hashlib.sha256(fact.visitor.encode()).hexdigest()
    assert delivery_of(there) is None, "what was forwarded to us is not sent on"


@pytest.mark.parametrize(
    "fact",
    [
        event("pageview", site="shop.example", page=Page(hostname="shop.example", path="/a")),
        pageview(
            site="shop.example",
            page=Page(hostname="www.shop.example", path="/app#/products/7"),
            source=PAID,
        ),
    ],
    ids=["an event that is called as a page view", "a route in a fragment"],
)
async def test_what_a_sink_sends_arrives_as_what_it_was(keyed, fact: PageViewed | EventRecorded):
    collector, secret, _ = keyed
    sent = msgspec.json.encode(delivery_of(fact))
    await collector.http.post("/api/transformer", content=sent, headers={"X-Secret": secret})
    there, _ = await collector.stored()
    assert (type(there), there.id, there.page, there.source) == (type(fact), fact.id, fact.page, fact.source)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (delivery("e3") | {"eventType": "nope"}, "Pathway visitor.v0/nope not found"),
        (delivery("e3") | {"eventType": "<script>"}, "Pathway visitor.v0/? not found"),
        (delivery("e3") | {"payload": {}}, f"{FAILED} Required"),
        (delivery("e3", visitorHash="203.0.113.9"), f"{FAILED} Visitor hash must be 64 characters"),
        (delivery("e3") | {"validTime": "0001-01-01T00:00:00Z"}, "The time must lie between the years 1990 and 2199."),
        (delivery("e3") | {"validTime": "9999-12-31T23:59:59Z"}, "The time must lie between the years 1990 and 2199."),
    ],
)
async def test_what_a_transformer_does_not_take_is_500_and_says_why(keyed, sent: dict[str, Any], error: str):
    collector, secret, _ = keyed
    before = await collector.count()
    answer = await collector.http.post("/api/transformer", json=sent, headers={"X-Secret": secret})
    assert (answer.status_code, answer.json()) == (500, {"error": error})
    assert answer.headers["X-Collector-Rejected"], "whoever forwards need not send it again"
    assert await collector.count() == before


async def test_a_key_that_stands_in_pages_forwards_nothing(keyed):
    collector, _, public = keyed
    answer = await collector.http.post("/api/transformer", json=delivery("e4"), headers={"X-Secret": public})
    assert (answer.status_code, answer.json()) == (500, {"error": "Invalid secret key"})
    assert "X-Collector-Rejected" not in answer.headers, "with the right key it is taken"


async def test_an_older_flowcore_calls_the_flow_type_aggregator(keyed):
    collector, secret, _ = keyed
    sent = delivery("e5") | {"aggregator": "visitor.v0"}
    del sent["flowType"]
    assert (await collector.http.post("/api/transformer", json=sent, headers={"X-Secret": secret})).text == "OK"


async def test_a_preflight_at_the_mount_names_its_headers(keyed):
    collector, _, _ = keyed
    asked = {"Origin": "https://site.example", "Access-Control-Request-Method": "POST"}
    answer = await collector.http.options("/flowcore/api/pageview", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    names = "Content-Type, User-Agent, X-Forwarded-For, X-Real-IP, CF-Connecting-IP, X-Secret"
    assert answer.headers["Access-Control-Allow-Headers"] == names


async def test_the_health_of_the_mount_has_what_its_test_page_reads(keyed):
    collector, _, _ = keyed
    answer = (await collector.http.get("/flowcore/health")).json()
    seconds = answer["saltRotation"].pop("secondsUntilRotation")
    assert 0 <= seconds <= 86_400
    assert answer["saltRotation"].pop("nextRotationAt").endswith("T00:00:00.000Z")
    assert answer == {
        "status": "ok",
        "service": "analytics",
        "pathwaysConfigured": True,
        "flowType": "visitor.v0",
        "eventTypes": ["visitor.tracked.v0"],
        "saltRotation": {},
        "environment": {"tenant": "main", "dataCore": "flow-analytics"},
    }


async def test_the_next_rotation_is_the_midnight_that_comes():
    at = datetime(2026, 11, 22, 23, 59, 59, 500_000, tzinfo=UTC)
    told_then = documents.health(documents.Standing(tenant="acme", at=at)).decode()
    assert '"nextRotationAt":"2026-11-23T00:00:00.000Z","secondsUntilRotation":0' in told_then


@pytest.mark.parametrize(
    ("headers", "ip"),
    [
        ({"X-Forwarded-For": "203.0.113.9"}, "203.0.113.9"),
        ({"X-Real-IP": "203.0.113.10", "CF-Connecting-IP": "203.0.113.11"}, "203.0.113.10"),
        ({"CF-Connecting-IP": "203.0.113.11"}, "203.0.113.11"),
        ({}, "unknown"),
    ],
)
async def test_derived_ids_are_the_flowcore_collectors_byte_for_byte(nats_url: str, headers: dict[str, str], ip: str):
    secret = "k" * 32
    environment = {
        "COLLECTOR_SALT_MODE": "derived",
        "COLLECTOR_SECRET_KEY": secret,
        "COLLECTOR_TRUSTED_PROXIES": ADDRESS,
    }
    async with running(nats_url, environment) as collector:
        sent = {"domain": "shop.example", "pathname": "/", "referrer": ""}
        assert (await collector.http.post("/flowcore/api/pageview", json=sent, headers=headers)).status_code == 204
        fact, _ = await collector.stored()
    salt = hashlib.sha256(f"{fact.salt_day.isoformat()}:{secret}".encode()).hexdigest()
    assert fact.visitor == hashlib.sha256(f"{ip}:{FIREFOX}:{salt}".encode()).hexdigest()
