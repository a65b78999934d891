"""An event that would make a fact larger than the stream takes is an error of its own, in the words of its system."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from msgspec import Struct

from collector.local.master_key import settle_master_key
from contracts.streams import streams_of
from tests.collector.control.telling import controlled, told
from tests.collector.ingest import Running

SITE = "app.example"
WORDS = "x y " * 500
AT = 1795316781570
TOO_LARGE = "The event is over 64 kB once stored; send fewer or shorter properties."

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Door(Struct):
    """An ingest half with one site and a key for it."""

    collector: Running
    key: str

    async def post(self, path: str, document: Any) -> httpx.Response:
        headers = {"X-API-Key": self.key, "Authorization": f"Bearer {self.key}", "X-Tenant-Id": "acme"}
        return await self.collector.http.post(path, json=document, headers=headers)

    async def stored(self) -> int:
        return sum([await self.collector.count(stream.name) for stream in streams_of()])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door(nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    key_file = tmp_path_factory.mktemp("keys") / "master.key"
    async with controlled(nats_url, {"COLLECTOR_MASTER_KEY_FILE": str(key_file)}) as (collector, pen):
        await settle_master_key(collector.client, key_file, replicas=1)
        key, issued = pen.key("acme", "ingest", site=SITE)
        await pen.write([*pen.tenant("acme"), *pen.site("acme", SITE), *issued])
        await told(collector, pen)
        yield Door(collector, key)


def many(count: int, name: str = "p", text: str = WORDS) -> dict[str, str]:
    return {f"{name}{number}": text for number in range(count)}


async def test_of_a_native_batch_it_alone_is_rejected(door: Door):
    before = await door.stored()
    said = many(30, text='" ' * 1000)
    events = [{"domain": SITE, "pathname": "/", "eventName": "e", "customProperties": props} for props in (said, {})]
    answer = await door.post("/api/events/batch", {"events": events})
    assert (answer.json()["stored"], answer.json()["rejected"], await door.stored()) == (1, 1, before + 1)
    assert answer.json()["results"][0]["detail"] == TOO_LARGE


@pytest.mark.parametrize("path", ["/api/event", "/flowcore/api/event"])
async def test_alone_it_is_413_although_its_body_is_not_too_large(door: Door, path: str):
    before = await door.stored()
    said = {"domain": SITE, "pathname": "/", "referrer": "", "eventName": "e", "customProperties": many(30, "long " * 30)}
    answer = await door.post(path, said)
    assert (answer.status_code, await door.stored()) == (413, before)
    assert answer.json().get("detail", answer.json().get("error")) == TOO_LARGE


async def test_bilan_counts_it_as_an_error(door: Door):
    before = await door.stored()
    events = [
        {"eventId": id_, "eventType": "e", "userId": "u", "properties": many(count)} for id_, count in (("a", 40), ("b", 1))
    ]
    answer = await door.post("/api/events", {"events": events})
    assert answer.json()["stats"] == {"processed": 1, "skipped": 0, "errors": 1, "total": 2}
    assert (answer.status_code, await door.stored()) == (200, before + 1)


async def test_a_vote_of_bilans_third_generation_is_413_in_fastifys_words(door: Door):
    vote = {"promptId": "p1", "value": 1, "userId": "u1", "metadata": many(40)}
    answer = await door.post("/bilan/api/events", {"events": [vote]})
    assert (answer.status_code, answer.json()["code"]) == (413, "FST_ERR_CTP_BODY_TOO_LARGE")


async def test_nodash_refuses_it_in_its_form(door: Door):
    before = await door.stored()
    answer = await door.post("/v1/track", {"event": "e", "userId": "u", "properties": many(40)})
    assert (answer.status_code, await door.stored()) == (413, before)
    assert (answer.json()["error"], answer.json()["message"]) == ("Payload Too Large", TOO_LARGE)


async def test_minigem_skips_it(door: Door):
    before = await door.stored()
    event = {"anon": "a", "evt": "e", "t": AT}
    nested = {"long " * 50: many(90, text="x y " * 125)}  # each is stored by its whole path
    answer = await door.post(f"/minigem/{door.key}/t", {"schema": "jwc.v1", "batch": [event | {"m": nested}, event]})
    assert (answer.status_code, await door.stored()) == (200, before + 1)
    assert answer.json() == {"ok": True, "accepted": 1, "skipped": 1}


async def test_a_log_line_is_stored_with_as_much_as_fits(door: Door):
    before = await door.stored()
    texts = many(100, text='" ' * 1000)
    line = {"event_id": "large", "event_type": "error", "event_name": "e", "properties": texts, "device_info": texts}
    answer = await door.post("/api/v1/ingest", line)
    assert (answer.status_code, await door.stored()) == (201, before + 1)
