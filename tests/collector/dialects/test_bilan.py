"""Every example of tests/examples/bilan.yml, and what no example can show: limits, retries, and who may send."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from rich.pretty import pretty_repr

from collector.control.vault import Vault
from collector.dialects.bilan_items import claim_of
from collector.local.master_key import settle_master_key
from collector.stream import connection as broker
from contracts.control import sites
from contracts.events import Fact
from contracts.streams import EventStream, stream_settings
from contracts.vault import tenant_secret_entry
from tests.collector.control.telling import controlled, told
from tests.collector.dialects.bilan_world import OLD_VOTE, STREAM, World
from tests.collector.ingest import ADDRESS, FIREFOX, Running, dotted
from tests.projections.world import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILE = Path(__file__).parents[2] / "examples" / "bilan.yml"
EXAMPLES = yaml.safe_load(FILE.read_text(encoding="utf-8"))
POLICIES = {
    "default": sites.Policy(),
    "texts": sites.Policy(id="p1", kept=("promptText", "aiResponse")),
    "plain": sites.Policy(id="p2", identity=sites.Identity.PLAIN),
    "anonymous": sites.Policy(id="p3", identity=sites.Identity.ANONYMOUS),
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    key_file = tmp_path_factory.mktemp("keys") / "master.key"
    async with controlled(nats_url, {"COLLECTOR_MASTER_KEY_FILE": str(key_file)}) as (collector, pen):
        await settle_master_key(collector.client, key_file, replicas=1)
        made = World(collector=collector, keys={})
        for name, policy in POLICIES.items():
            site = f"{name}.example"
            await pen.write([*pen.site("main", site), *pen.of_site(sites.SitePolicyDecided, "main", site, policy=policy)])
            made.keys[name], issued = pen.key("main", "ingest", site=site)
            await pen.write(issued)
        made.keys["reader"], issued = pen.key("main", "read", site="default.example")
        await pen.write(issued)
        made.keys["wrong"] = made.keys["reader"][:-4] + "xxxx"
        await told(collector, pen)
        made.secret = await collector.ingest.care.secrets.of("main") and await secret_in(collector, key_file)
        yield made


async def secret_in(collector: Running, key_file: Path) -> bytes:
    secret = await Vault(collector.client, key_file).get(tenant_secret_entry("main"))
    assert secret is not None
    return secret


@pytest.mark.parametrize("example", [pytest.param(example, id=example["name"]) for example in EXAMPLES])
async def test_the_example_holds(world: World, example: dict[str, Any]):
    before = await world.last()
    body = example["raw"] if "raw" in example else json.dumps(example["send"])
    answer = await world.send(body.encode(), key=example.get("key", "default"), headers=example.get("headers"))
    assert answer.status_code == example["answer"], answer.text
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if "body" in example:
        assert answer.json() == example["body"]
    await holds(world, example, await world.since(before))


async def holds(world: World, example: dict[str, Any], stored: list[tuple[Fact, bytes]]) -> None:
    wanted = example.get("facts", [])
    assert len(stored) == len(wanted)
    for fields, (fact, data) in zip(wanted, stored, strict=True):
        users = [part for part in json.dumps(fields).split('"') if part.startswith("pseudonym of ")]
        found = {path: dotted(fact, path) for path in fields}
        assert world.masked(found, fact.site, [user.removeprefix("pseudonym of ") for user in users]) == fields
        for needle in (ADDRESS, FIREFOX, *example.get("absent", ())):
            assert needle.encode() not in data


@pytest.mark.parametrize("prefix", ["/bilan", "/bilan/{key}"])
async def test_the_mount_and_a_key_in_the_path_lead_to_the_same(world: World, prefix: str):
    path, before = prefix.format(key=world.keys["texts"]) + "/api/events", await world.last()
    key = "none" if "{" in prefix else "texts"
    answer = await world.vote(f"mounted {prefix}", key=key, path=path)
    assert answer.json()["stats"] == {"processed": 1, "skipped": 0, "errors": 0, "total": 1}
    assert [fact.site for fact, _ in await world.since(before)] == ["texts.example"]


async def test_a_thousand_events_are_taken_and_one_more_is_too_many(world: World):
    answer = await world.vote(*(f"many {number}" for number in range(1000)))
    assert (answer.status_code, answer.json()["stats"]["processed"]) == (200, 1000)
    refused = await world.vote(*(f"more {number}" for number in range(1001)))
    assert refused.status_code == 400
    assert refused.json() == {"error": "Batch size too large", "message": "Maximum 1000 events per request"}


async def test_a_body_over_a_mebibyte_is_refused_in_fastifys_words(world: World):
    answer = await world.send(b" " * (1024 * 1024 + 1))
    assert answer.status_code == 413
    words = {"code": "FST_ERR_CTP_BODY_TOO_LARGE", "error": "Payload Too Large", "message": "Request body is too large"}
    assert answer.json() == {"statusCode": 413} | words


@pytest.mark.parametrize("size", [1001, 100], ids=["too many names", "too much text"])
async def test_properties_beyond_measure_are_an_error_and_nothing_is_stored(world: World, size: int):
    before = await world.last()
    properties = {f"field{number}": "x y " * (500 if size < 1000 else 1) for number in range(size)}
    event = {"eventId": f"vast {size}", "eventType": "vote_cast", "userId": "u1", "properties": properties}
    answer = await world.send(json.dumps(event).encode())
    assert (answer.status_code, answer.json()["stats"]["errors"], await world.last()) == (200, 1, before)


async def test_a_page_that_asks_first_may_send_its_key(world: World):
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Headers": "authorization,content-type,x-requested-with"}
    answer = await world.collector.http.options("/bilan/api/events", headers=asked)
    assert answer.status_code == 204
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "x-requested-with"} <= set(allowed)


async def test_other_methods_have_an_answer_in_its_shape(world: World):
    answer = await world.collector.http.put("/bilan/api/events", json={})
    assert (answer.status_code, answer.json()["statusCode"], answer.json()["error"]) == (405, 405, "Method Not Allowed")


async def test_without_a_key_development_takes_it_for_its_only_site(world: World):
    before = await world.last()
    assert (await world.vote("keyless", key="none")).json()["stats"]["processed"] == 1
    assert (await world.send(OLD_VOTE, key="none")).json() == {"success": True, "count": 1}
    assert {fact.site for fact, _ in await world.since(before)} == {"localhost"}


async def test_a_part_that_was_not_stored_is_503_and_a_retry_stores_the_rest(world: World):
    await world.vote("first")  # with which the stream is made
    ids, before = [f"rest {number}" for number in range(1000)], await world.last()
    info = await broker.ask(world.collector.client, f"STREAM.INFO.{STREAM}")
    settings = stream_settings(EventStream(family="turns"), max_bytes=0, replicas=1)
    await change(world, settings | {"max_bytes": info.state.bytes + 250_000})
    answer = await world.vote(*ids)
    stored = len(await world.since(before))
    assert 0 < stored < 1000
    assert (answer.status_code, answer.json()["error"]) == (503, "Service unavailable")
    assert answer.json()["stats"] == {"processed": stored, "skipped": 0, "errors": 1000 - stored, "total": 1000}
    assert int(answer.headers["Retry-After"]) > 0
    await change(world, settings | {"max_bytes": 1 << 28})
    await until(lambda: succeeds(world, ids))
    assert len({fact.id for fact, _ in await world.since(before)}) == len(await world.since(before)) == 1000


async def change(world: World, settings: dict[str, Any]) -> None:
    await broker.ask(world.collector.client, f"STREAM.UPDATE.{STREAM}", settings)


async def succeeds(world: World, ids: list[str]) -> bool:
    return (await world.vote(*ids)).status_code == 200


async def test_no_repr_shows_whom_a_claim_is_about():
    claim = claim_of({"eventType": "vote_cast", "userId": "needle", "properties": {"comment": "needle"}})
    assert "needle" not in f"{claim!r}{claim}{pretty_repr(claim)}"
