"""Nodash's dialect: every example of tests/examples/nodash.yml holds, and what is too much or cannot be stored is said."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml
from msgspec import Struct

from collector.local.master_key import settle_master_key
from contracts.control import sites
from tests.collector.control.telling import controlled, told
from tests.collector.ingest import ADDRESS, FIREFOX, Running, dotted
from tests.facts_product import PRODUCT

EXAMPLES = yaml.safe_load((Path(__file__).parents[2] / "examples" / "nodash.yml").read_text(encoding="utf-8"))
TENANT = "tenant1"

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Door(Struct):
    """An ingest half with two sites of one tenant, and a key for each."""

    collector: Running
    keys: Mapping[str, str]

    async def send(self, example: Mapping[str, Any], *, mount: str = "") -> httpx.Response:
        site = example.get("site", "app.example")
        headers = {"x-tenant-id": TENANT, "Content-Type": "application/json"}
        headers |= shown_as(example.get("shown", "x-api-key"), self.keys[site]) | example.get("headers", {})
        body = example["raw"] if "raw" in example else json.dumps(example["send"])
        kept = {name: value for name, value in headers.items() if value is not None}
        return await self.collector.http.post(mount + example["post"], content=body.encode(), headers=kept)


def shown_as(how: str, key: str) -> dict[str, str]:
    wrong = key[:-4] + "AAAA"
    ways = {"x-api-key": ("x-api-key", key), "bearer": ("Authorization", f"Bearer {key}"), "wrong": ("x-api-key", wrong)}
    return dict([ways[how]]) if how in ways else {}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door(nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    key_file = tmp_path_factory.mktemp("vault") / "key"
    async with controlled(nats_url, {"COLLECTOR_MASTER_KEY_FILE": str(key_file)}) as (collector, pen):
        await settle_master_key(collector.client, key_file, replicas=1)
        keys = {}
        await pen.write(pen.tenant(TENANT))
        for site in ("app.example", "kept.example"):
            await pen.write(pen.site(TENANT, site))
            keys[site], issued = pen.key(TENANT, "ingest", site=site)
            await pen.write(issued)
        policy = sites.Policy(id="kept", identity=sites.Identity.PLAIN, kept=("plan", "seats"))
        await pen.write(pen.of_site(sites.SitePolicyDecided, TENANT, "kept.example", policy=policy))
        await told(collector, pen)
        yield Door(collector, keys)


@pytest.mark.parametrize("example", [pytest.param(example, id=example["name"]) for example in EXAMPLES])
async def test_the_example_holds(door: Door, example: dict[str, Any]):
    before = await door.collector.count(PRODUCT.name)
    answer = await door.send(example)
    assert answer.status_code == example["answer"], answer.text
    assert said(answer) == example["says"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if "fact" not in example:
        assert await door.collector.count(PRODUCT.name) == before, "nothing is stored of what is known or refused"
        return
    assert await door.collector.count(PRODUCT.name) == before + 1
    fact, data = await door.collector.stored(PRODUCT.name)
    assert {path: dotted(fact, path) for path in example["fact"]} == pseudonymised(door, fact.site, example["fact"])
    for needle in (ADDRESS, FIREFOX, example.get("absent", FIREFOX)):
        assert needle.encode() not in data


def said(answer: httpx.Response) -> dict[str, Any]:
    """Return the answer without what differs each time, which has to be there."""
    body = answer.json()
    assert body.pop("timestamp").endswith("Z")
    if body.get("message") != "Invalid JSON in request body":
        assert body.pop("requestId") == answer.headers["x-request-id"]
    return body | ({"eventId": "<id>"} if len(body.get("eventId", "")) == 36 else {})


def pseudonymised(door: Door, site: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: pseudonymised(door, site, inner) for name, inner in value.items()}
    if not isinstance(value, str) or not value.startswith("~"):
        return value
    secret = door.collector.ingest.care.secrets.held(TENANT)
    assert secret is not None
    return secret.pseudonym_of(value[1:], site=site)


async def test_ten_thousand_properties_are_refused_and_a_thousand_are_not(door: Door):
    many = {"post": "/track", "send": {"event": "e", "properties": {f"p{number}": 1 for number in range(10_000)}}}
    refused = await door.send(many)
    assert said(refused)["message"] == "Validation failed: properties: Object must contain at most 1000 key(s)"
    some = {"post": "/track", "send": {"event": "e", "properties": {f"p{number}": 1 for number in range(1000)}}}
    assert (await door.send(some)).status_code == 200


@pytest.mark.parametrize("path", ["/v1/track", "/identify"])
async def test_a_body_that_is_too_large_is_413_in_its_form(door: Door, path: str):
    answer = await door.send({"post": path, "raw": "x" * (1 << 20) + "x"})
    assert (answer.status_code, said(answer)["error"]) == (413, "Payload Too Large")


async def test_another_method_is_refused_in_its_form(door: Door):
    answer = await door.collector.http.put("/v1/track")
    assert (answer.status_code, answer.headers["Allow"], said(answer)["error"]) == (405, "POST, OPTIONS", "Method Not Allowed")


async def test_answers_say_how_much_may_still_be_sent(door: Door):
    answer = await door.send({"post": "/v1/track", "send": {"event": "e"}})
    limit, remaining = (int(answer.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining"))
    assert 0 < remaining < limit


async def test_the_whole_system_is_behind_its_name_too(door: Door):
    for path, body in {"/v1/track": {"event": "e"}, "/track": {"event": "e"}, "/v1/identify": {"userId": "u"}}.items():
        assert (await door.send({"post": path, "send": body}, mount="/nodash")).status_code == 200
    refused = await door.send({"post": "/identify", "send": {}}, mount="/nodash")
    assert said(refused)["message"] == "Validation failed: userId: Required"
    front = await door.collector.http.get("/nodash/")
    assert (front.json()["name"], front.json()["documentation"]) == ("Nodash Analytics Backend", "/api-docs")


async def test_its_api_is_described_where_it_was(door: Door):
    for mount in ("", "/nodash"):
        page, described, yaml_ = [await door.collector.http.get(f"{mount}/api-docs{tail}") for tail in ("", "/json", "/yaml")]
        assert "POST /v1/track" in page.text
        assert 'href="api-docs/json"' in page.text, "seen from the page, whatever it is below"
        assert {"/v1/track", "/v1/identify", "/v1/events/query", "/v1/users/query"} <= described.json()["paths"].keys()
        assert yaml.safe_load(yaml_.text) == described.json()


async def test_while_the_stream_is_away_a_retry_is_asked_for(door: Door):
    door.collector.ingest.care.doubt()
    example = {"post": "/v1/identify", "send": {"userId": "u", "timestamp": "2026-11-22T03:04:02Z"}}
    answer = await door.send(example)
    assert (answer.status_code, said(answer)["error"]) == (503, "Failed to store user data")
    assert int(answer.headers["Retry-After"]) > 0
