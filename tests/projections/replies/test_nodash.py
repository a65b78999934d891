"""Nodash's queries: every filter and page agrees with a hand count, and what cannot be read is refused in its words."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from collector.local.postgres import PostgresServer
from contracts.control.mounts import MountClaimed, mount_id
from contracts.control.sites import Identity, Policy, SitePolicyDecided, site_id
from projections.projections import PRODUCT
from tests.conftest import run_sql
from tests.facts import NOON
from tests.facts_product import CARL, DORA, SITE, action, described
from tests.projections.control.deciding import decided, issued, new_key, of, site
from tests.projections.query.world import open_world
from tests.projections.world import Teller

pytestmark = pytest.mark.asyncio(loop_scope="module")

MINUTE = timedelta(minutes=1)
HEADERS = {"x-tenant-id": "main"}
READER = new_key("reader")
FACTS = [
    *(action("view", id=f"00000000-0000-7000-8000-{n:012}", at=NOON + n * MINUTE, props={"page": n}) for n in range(5)),
    action("buy", at=NOON + 10 * MINUTE, subject="dora", props={"plan": "pro", "cart.items": 2, "text": "=1+1"}),
    action("buy", at=NOON + 120 * MINUTE, subject="dora", session=CARL, device=DORA, props={"plan": "free", "cart.items": 2}),
    action("silent", at=NOON - 5 * MINUTE, subject=""),
    described(at=NOON + 121 * MINUTE, subject="dora", plan="pro", seats=3),
    described(at=NOON, subject="dora", plan="free"),
    action("elsewhere", site="other.example"),
    action("foreign", tenant="rival"),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def http(session_postgres: PostgresServer, empty_tables: str) -> AsyncIterator[httpx.AsyncClient]:
    """Ask an application that has FACTS and a site bound to the mount, whose ids are as they were sent."""
    await run_sql(session_postgres.url, f"CREATE DATABASE nodash_replies TEMPLATE {empty_tables}")
    database_url = session_postgres.url_of("nodash_replies")
    teller = Teller(database_url, PRODUCT)
    await teller.tell(*FACTS)
    await teller.close()
    policy = SitePolicyDecided(**of(site_id("main", SITE), 2), policy=Policy(identity=Identity.PLAIN))
    bound = MountClaimed(**of(mount_id("nodash")), tenant="main", key=SITE)
    await decided(database_url, site(SITE), policy, bound, issued("reader", READER, site=SITE))
    async with open_world(database_url) as world:
        world.client.headers.update(HEADERS)
        yield world.client
    await run_sql(session_postgres.url, "DROP DATABASE nodash_replies WITH (FORCE)")


async def ask(http: httpx.AsyncClient, what: str = "events", **parameters: Any) -> dict[str, Any]:
    answer = await http.get(f"/v1/{what}/query", params=parameters)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["success"], said["requestId"]) == (True, answer.headers["x-request-id"])
    data: dict[str, Any] = said["data"]
    assert data["executionTime"] >= 0
    return data


async def names(http: httpx.AsyncClient, **parameters: Any) -> list[str]:
    return [event["eventName"] for event in (await ask(http, **parameters))["events"]]


async def test_the_newest_come_first_and_the_total_is_the_total(http: httpx.AsyncClient):
    data = await ask(http)
    assert (data["totalCount"], data["hasMore"], data["pagination"]) == (8, False, {"limit": 100, "offset": 0})
    assert data["events"][0] == {
        "eventId": FACTS[6].id,
        "tenantId": "main",
        "eventName": "buy",
        "properties": {"plan": "free", "cart.items": 2},
        "timestamp": "2026-11-20T14:00:00.000Z",
        "receivedAt": "2026-11-20T14:00:00.200Z",
        "userId": "dora",
        "sessionId": CARL,
        "deviceId": DORA,
    }
    assert "userId" not in data["events"][-1], "nobody is named who was not"


async def test_every_page_is_there_and_nothing_twice(http: httpx.AsyncClient):
    seen, offset = [], 0
    while True:
        data = await ask(http, limit=3, offset=offset)
        seen += [event["eventId"] for event in data["events"]]
        assert data["totalCount"] == 8
        if not data["hasMore"]:
            break
        offset = data["pagination"]["nextOffset"]
    assert (len(seen), len(set(seen)), offset) == (8, 8, 6)
    beyond = await ask(http, limit=3, offset=900)
    assert (beyond["events"], beyond["totalCount"], beyond["hasMore"]) == ([], 8, False)


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"eventType": "silent"}, ["silent"]),
        ({"eventTypes": "silent, buy"}, ["buy", "buy", "silent"]),
        ({"userId": "dora"}, ["buy", "buy"]),
        ({"userId": "nobody"}, []),
        ({"startDate": "2026-11-20T12:04:00.000Z", "endDate": "2026-11-20T12:10:00Z"}, ["buy", "view"]),
        ({"startDate": "2026-11-20T15:00:00+01:00"}, ["buy"]),
        ({"properties": '{"plan":"pro"}'}, ["buy"]),
        ({"properties": '{"cart":{"items":2},"plan":"free"}'}, ["buy"]),
        ({"properties": '{"page":4}'}, ["view"]),
        ({"properties": '{"page":"4"}'}, []),
        ({"sortBy": "eventName", "limit": 3}, ["buy", "buy", "silent"]),
        ({"sortBy": "eventName", "sortOrder": "desc", "limit": 1}, ["view"]),
        ({"sortBy": "timestamp", "limit": 1}, ["silent"]),
        ({"sortBy": "userId", "sortOrder": "desc", "limit": 2}, ["buy", "buy"]),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
async def test_a_filter_keeps_what_fits_and_an_order_is_kept(
    http: httpx.AsyncClient, parameters: dict[str, Any], found: list[str]
):
    assert await names(http, **parameters) == found


async def test_users_are_counted_and_their_traits_are_those_told_last(http: httpx.AsyncClient):
    data = await ask(http, "users")
    dora, carl = data["users"]
    assert (data["totalCount"], dora["userId"], carl["userId"]) == (2, "dora", CARL)
    assert dora == {
        "userId": "dora",
        "tenantId": "main",
        "properties": {"plan": "pro", "seats": 3},
        "firstSeen": "2026-11-20T12:00:00.000Z",
        "lastSeen": "2026-11-20T14:01:00.000Z",
        "sessionCount": 2,
        "eventCount": 2,
    }
    assert (carl["eventCount"], carl["sessionCount"]) == (5, 1)


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"userId": "dora"}, ["dora"]),
        ({"activeSince": "2026-11-20T13:00:00Z"}, ["dora"]),
        ({"activeUntil": "2026-11-20T11:00:00Z"}, []),
        ({"properties": '{"plan":"pro"}'}, ["dora"]),
        ({"sortBy": "eventCount"}, ["dora", CARL]),
        ({"sortBy": "sessionCount"}, [CARL, "dora"]),
        ({"sortBy": "lastSeen", "sortOrder": "asc", "limit": 1}, [CARL]),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
async def test_users_are_filtered_and_put_in_order(http: httpx.AsyncClient, parameters: dict[str, Any], found: list[str]):
    assert [user["userId"] for user in (await ask(http, "users", **parameters))["users"]] == found


async def test_csv_has_its_columns_and_no_formula(http: httpx.AsyncClient):
    answer = await http.get("/nodash/v1/events/query", params={"format": "csv", "eventType": "buy"})
    head, newest, older = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/csv")
    assert (head, answer.headers["X-Total-Count"]) == ("eventId,tenantId,userId,eventName,timestamp,receivedAt,properties", "2")
    assert newest.startswith(f"{FACTS[6].id},main,dora,buy,2026-11-20T14:00:00.000Z,2026-11-20T14:00:00.200Z,")
    assert '""text"":""=1+1""' in older
    users = await http.get("/v1/users/query", params={"format": "csv"})
    assert users.text.splitlines()[0] == "userId,tenantId,firstSeen,lastSeen,sessionCount,eventCount,properties"


WRONG = {
    "startDate=yesterday": ("Invalid startDate", "startDate must be a valid ISO 8601 date string"),
    "endDate=2026-13-01": ("Invalid endDate", "endDate must be a valid ISO 8601 date string"),
    "startDate=2026-02-01&endDate=2026-01-01": ("Invalid date range", "startDate must be before endDate"),
    "properties=%7Bx": ("Invalid properties", "properties must be valid JSON"),
    "properties=5": ("Invalid properties", "properties must be valid JSON"),
    "sortBy=seq": ("Invalid sortBy", "sortBy must be one of: timestamp, eventName, userId"),
    "sortOrder=up": ("Invalid sortOrder", 'sortOrder must be either "asc" or "desc"'),
    **dict.fromkeys(
        ("limit=0", "limit=-1", "limit=1e3", "limit=5x", "limit=1001", "limit=%D9%A5"),
        ("Invalid limit", "limit must be a positive integer between 1 and 1000"),
    ),
    "offset=-1": ("Invalid offset", "offset must be a non-negative integer"),
    "format=xml": ("Invalid format", "format must be one of: json, table, csv"),
    "userId=a%00b": ("Invalid query", "a value must be at most 2000 characters, none of which controls a terminal"),
}


@pytest.mark.parametrize("query", WRONG)
async def test_what_cannot_be_read_is_refused_in_its_words(http: httpx.AsyncClient, query: str):
    answer = await http.get(f"/v1/events/query?{query}")
    said = answer.json()
    assert (answer.status_code, said["statusCode"], said["error"], said["message"]) == (400, 400, *WRONG[query])
    assert said["requestId"] == answer.headers["x-request-id"]


async def test_users_have_refusals_of_their_own(http: httpx.AsyncClient):
    for query, words in {
        "activeSince=x": "activeSince must be a valid ISO 8601 date string",
        "activeSince=2026-02-01&activeUntil=2026-01-01": "activeSince must be before activeUntil",
        "sortBy=timestamp": "sortBy must be one of: firstSeen, lastSeen, eventCount, sessionCount",
    }.items():
        assert (await http.get(f"/v1/users/query?{query}")).json()["message"] == words


async def test_a_tenant_has_to_be_named_and_to_be_ones_own(http: httpx.AsyncClient):
    nameless = http.build_request("GET", "/v1/events/query")
    del nameless.headers["x-tenant-id"]
    missing = await http.send(nameless)
    foreign = await http.get("/v1/events/query", headers={"x-tenant-id": "rival"})
    path = await http.get("/v1/events/query", headers={"x-tenant-id": "../../../x"})
    assert [answer.status_code for answer in (missing, foreign, path)] == [400, 403, 403]
    assert {answer.json()["statusCode"] for answer in (foreign, path)} == {403}


async def test_a_key_that_reads_names_its_tenant_by_itself_as_the_sdk_needs_it(http: httpx.AsyncClient):
    for header, shown in (("x-api-key", READER), ("authorization", f"Bearer {READER}")):
        asked = http.build_request("GET", "/v1/events/query", headers={header: shown})
        del asked.headers["x-tenant-id"]
        answer = await http.send(asked)
        assert (answer.status_code, answer.json()["data"]["totalCount"]) == (200, 8)


async def test_a_wrong_credential_is_refused_in_its_words(http: httpx.AsyncClient):
    answer = await http.get("/v1/events/query", headers={"x-api-key": new_key("k9")})
    assert (answer.status_code, answer.json()["error"]) == (401, "Authentication failed")
