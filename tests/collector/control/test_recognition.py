"""Whoever shows a key is known by it at every endpoint, may do what it allows, and learns nothing from a refusal."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from msgspec import Struct

from contracts.control import keys, tenants
from tests.collector.control.telling import AT, Pen, controlled, told
from tests.collector.ingest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTED = "-listed" * 3
PRODUCTION = {
    "COLLECTOR_MODE": "production",
    "COLLECTOR_SITES": "listed.example",
    "COLLECTOR_API_KEYS": f"acme:ingest:{LISTED},gone:ingest:{LISTED[::-1]}",
}
ENDPOINTS = ("/api/event", "/api/pageview", "/api/events/batch", "/pixel.gif")


class Shown(Struct):
    """Keys by what they are."""

    collector: Running
    pen: Pen
    keys: dict[str, str]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shown(nats_url: str) -> AsyncIterator[Shown]:
    async with controlled(nats_url, PRODUCTION) as (collector, pen):
        await pen.write([event for name in ("acme", "other", "gone") for event in pen.tenant(name)])
        await pen.write([*pen.site("acme", "shop.example", "alias.example"), *pen.site("acme", "blog.example")])
        await pen.write(pen.site("other", "other.example"))
        asked: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
            "own": (("acme", "ingest"), {}),
            "public": (("acme", "ingest", "identity:override"), {"is_public": True}),
            "for one site": (("acme", "ingest"), {"site": "shop.example"}),
            "foreign": (("other", "ingest"), {}),
            "wrong scope": (("acme", "read", "admin", "import"), {}),
            "expired": (("acme", "ingest"), {"expires_at": AT}),
            "retired": (("acme", "ingest"), {}),
            "overlapping": (("acme", "ingest"), {}),
            "revoked": (("acme", "ingest"), {}),
            "of an archived tenant": (("gone", "ingest"), {}),
        }
        made = {what: pen.key(*of, **fields) for what, (of, fields) in asked.items()}
        texts = {what: text for what, (text, _) in made.items()}
        await pen.write([event for _, events in made.values() for event in events])
        await pen.write(pen.revoke(texts["revoked"]))
        for what, until in (("retired", AT), ("overlapping", AT + timedelta(days=36_500))):
            short = keys.key_id(texts[what].split("_")[1])
            await pen.write([pen.event(keys.KeyRetired, short, until=until)])
        await pen.write([pen.event(tenants.TenantArchived, tenants.tenant_id("gone"))])
        await told(collector, pen)
        right = texts["own"]
        texts |= {
            "malformed": "ck_",
            "empty": "",
            "not ours": "x" * 40,
            "unknown": f"ck_{'0' * 16}_{right.rpartition('_')[2][-43:].rjust(43, 'A')}",
            "of another's secret": f"ck_{right.split('_')[1]}_{'A' * 43}",
            "endless": "x" * 20_000,
            "listed": LISTED,
            "listed for an archived tenant": LISTED[::-1],
        }
        yield Shown(collector, pen, texts)


async def send(shown: Shown, endpoint: str, headers: dict[str, str], site: str = "shop.example") -> httpx.Response:
    http = shown.collector.http
    if endpoint == "/pixel.gif":
        return await http.get(f"{endpoint}?site={site}&path=/", headers=headers)
    item = {"domain": site, "pathname": "/"}
    return await http.post(endpoint, json={"events": [item]} if endpoint.endswith("batch") else item, headers=headers)


WELCOME = ("own", "public", "for one site", "overlapping", "listed")
UNKNOWN = (
    *("expired", "retired", "revoked", "of an archived tenant", "listed for an archived tenant", "malformed", "empty"),
    *("not ours", "unknown", "of another's secret", "endless"),
)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_no_cell_of_the_matrix_tells_whether_a_key_or_a_site_exists(shown: Shown, endpoint: str):
    refusals = set()
    for what, text in shown.keys.items():
        if what == "endless" and endpoint != ENDPOINTS[0]:
            continue
        answer = await send(shown, endpoint, {"X-API-Key": text})
        if what in WELCOME:
            assert answer.status_code in (200, 204), what
            assert "X-Collector-Dropped" not in answer.headers, what
        elif what == "foreign":
            stranger = await send(shown, endpoint, {"X-API-Key": text}, site="nobodys.example")
            assert (answer.status_code, answer.content, dropped(answer)) == (
                stranger.status_code,
                stranger.content,
                dropped(stranger),
            )
        elif what == "wrong scope":
            assert answer.status_code == 403
        else:
            assert what in UNKNOWN
            refusals.add((answer.status_code, answer.content))
    assert {status for status, _ in refusals} == {401}
    assert len(refusals) == 1


def dropped(answer: httpx.Response) -> str | None:
    return answer.headers.get("X-Collector-Dropped")


async def test_a_request_without_a_key_is_a_page(shown: Shown):
    for endpoint in ENDPOINTS:
        assert (await send(shown, endpoint, {})).status_code in (200, 204)


async def test_a_key_counts_in_whichever_form_it_is_shown(shown: Shown):
    basic = base64.b64encode(f"{shown.keys['own']}:".encode()).decode()
    for form in ({"X-API-Key": "{}"}, {"Authorization": "Bearer {}"}, {"Authorization": "{}"}):
        for what, status in (("own", 204), ("revoked", 401)):
            headers = {name: value.format(shown.keys[what]) for name, value in form.items()}
            assert (await send(shown, "/api/event", headers)).status_code == status
    assert (await send(shown, "/api/event", {"Authorization": f"Basic {basic}"})).status_code == 204
    in_address = await shown.collector.http.post(
        f"/api/event?key={shown.keys['revoked']}", json={"domain": "shop.example", "pathname": "/"}
    )
    assert in_address.status_code == 204, "nobody asked for a key there, and an address is written into logs"


async def test_the_tenant_is_the_keys_and_another_that_is_named_is_refused(shown: Shown):
    own = {"X-API-Key": shown.keys["own"]}
    assert (await send(shown, "/api/event", own | {"X-Tenant-Id": "acme"})).status_code == 204
    assert (await send(shown, "/api/event", own | {"X-Tenant-Id": "other"})).status_code == 403
    assert (await send(shown, "/api/event", {"X-Tenant-Id": "other"})).status_code == 204


async def test_the_sites_key_is_stored_whichever_name_was_claimed(shown: Shown):
    await send(shown, "/api/event", {"X-API-Key": shown.keys["own"]}, site="alias.example")
    fact, _ = await shown.collector.stored()
    assert (fact.tenant, fact.site) == ("acme", "shop.example")


async def test_a_key_for_one_site_sends_for_no_other_whether_there_is_such_a_site_or_not(shown: Shown):
    key = {"X-API-Key": shown.keys["for one site"]}
    assert (await send(shown, "/api/event", key, site="alias.example")).status_code == 204
    refused = [await send(shown, "/api/event", key, site=site) for site in ("blog.example", "other.example", "nobodys.example")]
    assert [answer.status_code for answer in refused] == [403] * 3
    assert len({answer.content for answer in refused}) == 1
    item = {"url": "https://elsewhere.example/a"}  # where the page is says nothing of whose it is
    answer = await shown.collector.http.post("/api/event", json=item, headers=key)
    assert answer.status_code == 204
    fact, _ = await shown.collector.stored()
    assert fact.site == "shop.example"
    answers = await shown.collector.http.post(
        "/api/events/batch", json={"events": [item, item | {"domain": "blog.example"}]}, headers=key
    )
    assert (answers.json()["stored"], answers.json()["refused"]) == (1, 1)


async def test_a_public_key_may_stand_in_a_page_and_do_nothing_but_send(shown: Shown):
    headers = {"X-API-Key": shown.keys["public"], "Origin": "https://any.example"}
    asked = {"Origin": "https://any.example", "Access-Control-Request-Method": "POST"}
    preflight = await shown.collector.http.options("/api/event", headers=asked)
    assert "x-api-key" in preflight.headers["Access-Control-Allow-Headers"]
    answer = await send(shown, "/api/event", headers)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "https://any.example")
    item = {"domain": "shop.example", "pathname": "/", "ip": "203.0.113.4", "userAgent": "curl/8"}
    assert (await shown.collector.http.post("/api/event", json=item, headers=headers)).status_code == 204
    fact, _ = await shown.collector.stored()
    assert fact.bot is None, "who shows it is a page, and speaks for nobody else"


async def test_the_same_id_of_two_tenants_is_two_events(shown: Shown):
    before = await shown.collector.count()
    for what, site in (("own", "shop.example"), ("foreign", "other.example"), ("own", "shop.example")):
        item = {"domain": site, "pathname": "/", "id": "order-1"}
        answer = await shown.collector.http.post("/api/event", json=item, headers={"X-API-Key": shown.keys[what]})
        assert answer.status_code == 204
    assert await shown.collector.count() == before + 2


async def test_a_revoked_key_stops_working(shown: Shown):
    text, issued = shown.pen.key("acme", "ingest")
    await shown.pen.write(issued)
    await told(shown.collector, shown.pen)
    assert (await send(shown, "/api/event", {"X-API-Key": text})).status_code == 204
    await shown.pen.write(shown.pen.revoke(text))
    await told(shown.collector, shown.pen)
    assert (await send(shown, "/api/event", {"X-API-Key": text})).status_code == 401


async def test_use_is_counted_by_key_and_what_was_refused_by_none(shown: Shown):
    text, issued = shown.pen.key("acme", "ingest")
    await shown.pen.write(issued)
    await told(shown.collector, shown.pen)
    for site in ("shop.example", "shop.example", "nobodys.example"):
        await send(shown, "/api/event", {"X-API-Key": text}, site=site)
    await send(shown, "/api/event", {}, site="typo.example")
    lines = [line for part in shown.collector.ingest.teller.tally.changes() for line in part.lines]
    mine = {(line.tenant, line.site, line.ending.value): line.hits for line in lines if line.key_id == text.split("_")[1]}
    assert mine == {("acme", "shop.example", "stored"): 2, ("acme", "nobodys.example", "dropped"): 1}
    strangers = [line.tenant for line in lines if line.site == "typo.example"]
    assert strangers == [""], "of several tenants none is told what came without a key for nobody's site"
    assert {line.key_id for line in lines if line.ending == "refused" and line.reason == "unauthenticated"} <= {""}
