"""Every example of tests/examples/bilan.yml, and what no example can show: limits, retries, and who may send."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml
from msgspec import Struct
from rich.pretty import pretty_repr

from collector.control.vault import Vault
from collector.dialects.bilan_items import claim_of
from collector.local.master_key import settle_master_key
from collector.stream import connection as broker
from contracts.codec import CODEC
from contracts.control import mounts, sites
from contracts.events import Fact
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError
from contracts.pseudonym import pseudonym
from contracts.streams import EventStream, stream_settings
from contracts.vault import tenant_secret_entry
from tests.collector.control.telling import controlled, told
from tests.collector.ingest import ADDRESS, FIREFOX, Running, dotted
from tests.projections.world import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILE = Path(__file__).parents[2] / "examples" / "bilan.yml"
EXAMPLES = yaml.safe_load(FILE.read_text(encoding="utf-8"))
STREAM = EventStream(family="turns").name
POLICIES = {
    "default": sites.Policy(),
    "texts": sites.Policy(id="p1", kept=("promptText", "aiResponse")),
    "plain": sites.Policy(id="p2", identity=sites.Identity.PLAIN),
    "anonymous": sites.Policy(id="p3", identity=sites.Identity.ANONYMOUS),
}


class World(Struct):
    """An ingest half with a site for each policy, and a key for each site."""

    collector: Running
    keys: dict[str, str]
    secret: bytes = b""

    async def last(self) -> int:
        try:
            return int((await broker.ask(self.collector.client, f"STREAM.INFO.{STREAM}")).state.last_seq)
        except JetStreamError as error:
            if error.err_code == STREAM_NOT_FOUND:  # it is made with the first fact
                return 0
            raise

    async def since(self, last: int) -> list[tuple[Fact, bytes]]:
        """Return every fact behind the message *last*, and its bytes."""
        found = []
        for seq in range(last + 1, await self.last() + 1):
            message = (await broker.ask(self.collector.client, f"STREAM.MSG.GET.{STREAM}", {"seq": seq})).message
            data = base64.b64decode(message.data)
            found.append((CODEC.decode(data), data))
        return found

    async def send(
        self, body: bytes, *, key: str = "default", headers: dict[str, str] | None = None, path: str = "/api/events"
    ) -> httpx.Response:
        shown = {"Content-Type": "application/json"} | self._authorization(key) | (headers or {})
        return await self.collector.http.post(path, content=body, headers=shown)

    async def vote(self, *ids: str, key: str = "default", path: str = "/api/events") -> httpx.Response:
        """Send a vote of each id."""
        votes = [{"eventId": id_, "eventType": "vote_cast", "userId": "u1", "properties": {"value": 1}} for id_ in ids]
        return await self.send(json.dumps({"events": votes}).encode(), key=key, path=path)

    def _authorization(self, key: str) -> dict[str, str]:
        name, _, form = key.partition(", ")
        if name == "none":
            return {}
        return {"Authorization": self.keys[name] if form == "bare" else f"Bearer {self.keys[name]}"}

    def masked(self, value: Any, site: str, users: list[str]) -> Any:
        """Return *value* with every pseudonym as what it stands for."""
        text = json.dumps(value)
        for user in users:
            text = text.replace(pseudonym(self.secret, site=site, user=user), f"pseudonym of {user}")
        return json.loads(text)


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


OLD_VOTE = {"events": [{"promptId": "p1", "value": 1, "userId": "u1"}]}


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
    assert (await world.send(json.dumps(OLD_VOTE).encode(), key="none")).json() == {"success": True, "count": 1}
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


async def test_in_production_a_key_is_asked_for_until_a_site_is_bound(nats_url: str, tmp_path: Path):
    environment = {"COLLECTOR_MODE": "production", "COLLECTOR_MASTER_KEY_FILE": str(tmp_path / "master.key")}
    async with controlled(nats_url, environment) as (collector, pen):
        await settle_master_key(collector.client, tmp_path / "master.key", replicas=1)
        await pen.write([*pen.tenant("acme"), *pen.site("acme", "chat.example"), *pen.site("acme", "other.example")])
        await told(collector, pen)
        world = World(collector=collector, keys={})
        answers = [await world.vote("p1", key="none"), await world.send(json.dumps(OLD_VOTE).encode(), key="none")]
        assert [answer.status_code for answer in answers] == [401, 404]
        assert answers[0].json() == {"error": "Missing API key"}
        assert "collector sites bind bilan" in answers[1].json()["message"]
        claimed = pen.event(mounts.MountClaimed, mounts.mount_id("bilan"), tenant="acme", key="chat.example")
        await pen.write([*pen.of_site(sites.SiteBound, "acme", "chat.example", mount="bilan"), claimed])
        await told(collector, pen)
        before = await world.last()
        assert (await world.vote("p1", key="none")).json()["stats"]["processed"] == 1
        assert (await world.send(json.dumps(OLD_VOTE).encode(), key="none")).json() == {"success": True, "count": 1}
        assert {(fact.tenant, fact.site) for fact, _ in await world.since(before)} == {("acme", "chat.example")}


async def test_no_repr_shows_whom_a_claim_is_about():
    claim = claim_of({"eventType": "vote_cast", "userId": "needle", "properties": {"comment": "needle"}})
    assert "needle" not in f"{claim!r}{claim}{pretty_repr(claim)}"
