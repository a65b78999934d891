"""Minigem's telemetry, as its README and its clients send it: answered word for word, and stored without anybody in it."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
import yaml
from msgspec import Struct

from collector.ingest import Ingest, open_ingest
from collector.local.master_key import settle_master_key
from collector.settings import read_settings
from collector.stream import connection as broker
from contracts.codec import CODEC, type_of
from contracts.events import ActionRecorded
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError
from tests.collector.ingest import ADDRESS, FIREFOX, ROOM, UNLIMITED
from tests.facts_product import PRODUCT
from tests.projections.world import until

EXAMPLES = yaml.safe_load((Path(__file__).parents[2] / "examples" / "minigem.yml").read_text(encoding="utf-8"))
PROXY = "192.0.2.10"

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Door(Struct):
    """An ingest half that takes telemetry, and what it has stored of it."""

    ingest: Ingest
    http: httpx.AsyncClient
    client: broker.Connection

    async def send(self, body: Any, **headers: str) -> httpx.Response:
        return await self.http.post("/t", json=body, headers={name.replace("_", "-"): said for name, said in headers.items()})

    async def count(self) -> int:
        try:
            return int((await broker.ask(self.client, f"STREAM.INFO.{PRODUCT.name}")).state.messages)
        except JetStreamError as error:
            if error.err_code == STREAM_NOT_FOUND:  # it is made with the first fact
                return 0
            raise

    async def last(self, number: int = 1) -> list[tuple[ActionRecorded, bytes]]:
        """Return the newest facts in the order in which they were stored, and their bytes."""
        seq = (await broker.ask(self.client, f"STREAM.INFO.{PRODUCT.name}")).state.last_seq
        return [await self._fact(each) for each in range(seq - number + 1, seq + 1)]

    async def _fact(self, seq: int) -> tuple[ActionRecorded, bytes]:
        message = (await broker.ask(self.client, f"STREAM.MSG.GET.{PRODUCT.name}", {"seq": seq})).message
        data = base64.b64decode(message.data)
        fact = CODEC.decode(data)
        assert isinstance(fact, ActionRecorded)
        return fact, data


@asynccontextmanager
async def open_door(nats_url: str, folder: Path, peer: str = ADDRESS, **settings: str) -> AsyncIterator[Door]:
    key_file = folder / "master.key"
    said = {"COLLECTOR_STREAM_MAX_BYTES": ROOM, "COLLECTOR_MASTER_KEY_FILE": str(key_file)} | UNLIMITED | settings
    async with open_ingest(read_settings(said), nats_url, lambda: datetime.now(UTC)) as ingest:
        through = httpx.ASGITransport(app=ingest.app, client=(peer, 4711), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=through, base_url="http://collector", headers={"User-Agent": FIREFOX}) as http:
            client = await broker.connect(nats_url, on_loss=lambda: None)
            await settle_master_key(client, key_file, replicas=1)
            door = Door(ingest, http, client)
            await until(lambda: takes(door))
            yield door
            await broker.disconnect(client)


async def takes(door: Door) -> bool:
    """Say whether it has all that it needs."""
    return (await door.send({"schema": "jwc.v1", "anon": "first", "evt": "first", "t": 1640995100000})).status_code < 500


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door(nats_url: str, keys: Path) -> AsyncIterator[Door]:
    async with open_door(nats_url, keys) as opened:
        yield opened


@pytest.mark.parametrize("example", [pytest.param(example, id=example["name"]) for example in EXAMPLES])
async def test_the_example_holds(door: Door, example: dict[str, Any]):
    before = await door.count()
    answer = await door.http.post(example["post"], content=body_of(example), headers=headers_of(example))
    assert (answer.status_code, answer.json()) == (example["answer"], example["body"])
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers.get("X-Collector-Dropped") == example.get("dropped")
    assert await door.count() == before + len(example["facts"]), "what is skipped or refused is not stored"
    for expected, (fact, data) in zip(example["facts"], await door.last(len(example["facts"])), strict=True):
        assert {path: found(fact, path) for path in expected} == expected
        assert len(fact.subject) == 32
        for needle in (ADDRESS, FIREFOX, example.get("absent", FIREFOX)):
            assert needle.encode() not in data


def body_of(example: dict[str, Any]) -> bytes:
    if "spaces" in example:
        return b"{" + b" " * example["spaces"] + b"}"
    return example["raw"].encode() if "raw" in example else json.dumps(example["send"]).encode()


def headers_of(example: dict[str, Any]) -> dict[str, str]:
    return {"Content-Type": "application/json"} | example.get("headers", {})


def found(fact: ActionRecorded, path: str) -> Any:
    if path == "type":
        return type_of(fact)
    value = msgspec.to_builtins(fact)
    for piece in path.split("."):
        value = value.get(piece, {} if piece in ("app", "props") else None)
    return value


def event(**fields: Any) -> dict[str, Any]:
    return {"anon": "user-1", "evt": "app.started", "t": 1640995200000, **fields}


async def test_a_body_that_is_sent_again_counts_once(door: Door):
    batch = {"schema": "jwc.v1", "batch": [event(t=1640999000000 + number) for number in range(3)]}
    before = await door.count()
    for _ in range(2):
        assert (await door.send(batch)).json() == {"ok": True, "accepted": 3, "skipped": 0}
    # Alone, with its members in another order, and the schema beside them.
    again = {"t": 1640999000000, "schema": "jwc.v1", "evt": "app.started", "anon": "user-1"}
    assert (await door.send(again)).json()["accepted"] == 1
    assert await door.count() == before + 3


async def test_two_who_do_the_same_in_the_same_moment_are_two(door: Door):
    before = await door.count()
    await door.send({"schema": "jwc.v1", "batch": [event(t=1640998000000), event(t=1640998000000, anon="user-2")]})
    assert await door.count() == before + 2


async def test_a_page_of_any_origin_may_send(door: Door):
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    preflight = await door.http.options("/t", headers=asked | {"Access-Control-Request-Headers": "content-type"})
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "content-type" in preflight.headers["Access-Control-Allow-Headers"]
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]


async def test_nobody_but_a_trusted_proxy_says_where_somebody_is(nats_url: str, keys: Path, door: Door):
    said = {"CF_IPCountry": "no", "CF_Region_Code": "03"}
    await door.send({"schema": "jwc.v1"} | event(t=1640997000000), **said)
    assert (await door.last())[0][0].place.country == ""
    async with open_door(nats_url, keys, PROXY, COLLECTOR_TRUSTED_PROXIES=PROXY) as behind:
        await behind.send({"schema": "jwc.v1"} | event(t=1640997000001), **said)
        place = (await behind.last())[0][0].place
        assert (place.country, place.region) == ("NO", "NO-03")
        await behind.send({"schema": "jwc.v1"} | event(t=1640997000002), CF_IPCountry="XX")
        assert (await behind.last())[0][0].place.country == ""


async def test_the_originals_lists_are_an_option(nats_url: str, keys: Path, door: Door):
    known = {"schema": "jwc.v1", "anon": "0123456789abcdef" * 2, "evt": "test.ping", "t": 1640996000000}
    refused = [{"anon": "user123"}, {"evt": "app.started"}, {"t": "2022-01-01T00:00:00Z"}]
    async with open_door(nats_url, keys, COLLECTOR_MINIGEM_STRICT="true") as strict:
        assert (await strict.send(known)).json() == {"ok": True, "accepted": 1, "skipped": 0}
        for other in refused:
            assert (await strict.send(known | other)).json() == {"ok": True, "accepted": 0, "skipped": 1}
    assert (await door.send(known | refused[0])).json()["accepted"] == 1


async def test_who_sends_too_much_is_told_in_the_words_of_the_original(nats_url: str, keys: Path):
    few = {"COLLECTOR_LIMIT_ADDRESS": "1", "COLLECTOR_LIMIT_ADDRESS_BURST": "2"}
    async with open_door(nats_url, keys, **few) as narrow:
        answers = [await narrow.send({"schema": "jwc.v1"} | event()) for _ in range(2)]
    refusal = answers[-1]
    assert refusal.status_code == 429
    assert refusal.json()["error"] == "Too Many Requests"
    assert refusal.json()["message"].startswith("Rate limit exceeded, retry in ")
    said = {"retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
    assert said <= {name.lower() for name in refusal.headers}


async def test_while_the_stream_is_away_nothing_is_called_accepted(door: Door):
    door.ingest.care.doubt()
    answer = await door.send({"schema": "jwc.v1"} | event(t=1640995999000))
    assert answer.status_code == 503
    assert answer.json()["error"] == "unavailable"
    assert int(answer.headers["Retry-After"]) > 0
    await until(lambda: takes(door))


async def test_it_is_there_behind_its_name_and_a_public_key_too_and_refuses_what_is_none(door: Door):
    body = {"schema": "jwc.v1"} | event(t=1640995888000)
    assert (await door.http.post("/minigem/t", json=body)).json() == {"ok": True, "accepted": 1, "skipped": 0}
    wrong = await door.http.post("/minigem/nonsense/t", json=body)
    assert (wrong.status_code, wrong.json()) == (401, {"error": "unauthorized"})


async def test_in_production_it_is_for_the_site_that_is_bound(nats_url: str, keys: Path):
    async with open_door(nats_url, keys, COLLECTOR_MODE="production", COLLECTOR_SITES="a.example,b.example") as closed:
        answer = await closed.send({"schema": "jwc.v1"} | event())
    assert (answer.status_code, answer.json()["error"]) == (404, "site_unbound")
    assert "collector sites bind minigem" in answer.json()["message"]
