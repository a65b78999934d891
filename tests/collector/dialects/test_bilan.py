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

from collector.control.vault import Vault
from collector.local.master_key import settle_master_key
from collector.stream import connection as broker
from contracts.codec import CODEC
from contracts.control import sites
from contracts.events import Fact
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError
from contracts.pseudonym import pseudonym
from contracts.streams import EventStream
from contracts.vault import tenant_secret_entry
from tests.collector.control.telling import controlled, told
from tests.collector.ingest import ADDRESS, FIREFOX, Running, dotted

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

    async def send(self, body: bytes, *, key: str = "default", headers: dict[str, str] | None = None) -> httpx.Response:
        shown = {"Content-Type": "application/json"} | self._authorization(key) | (headers or {})
        return await self.collector.http.post("/api/events", content=body, headers=shown)

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
