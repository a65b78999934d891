"""A family that knows people waits for its tenant's secret, is refused while there is none to be had, and web facts go on."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from msgspec import Struct, structs

from collector.control.vault import Vault
from collector.dialects import DIALECTS
from collector.hit import A_PAGE
from collector.ingest import Ingest, Offer, open_ingest
from collector.kinds import KINDS
from collector.kinds.kind import SUBJECTS
from collector.local.master_key import settle_master_key
from collector.settings import read_settings
from collector.stream import connection as broker
from contracts.codec import Codec
from contracts.pseudonym import pseudonym
from contracts.streams import FAMILIES, EventStream, Family
from contracts.vault import tenant_secret_entry
from tests.collector.toy import NOTES, TOY, NoteTaken, note
from tests.projections.world import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

USER = "user-4711"


def by_whom(claim, envelope, remains, lists):
    taken = note(claim, envelope, remains, lists)
    return structs.replace(taken, text=remains.identity.subject(claim.text), country=remains.visitor)


OFFER = Offer(
    dialects=(*DIALECTS, *TOY),
    kinds=(*KINDS, structs.replace(NOTES, fact=by_whom, needs=SUBJECTS)),
    families=(*FAMILIES, Family(name="notes")),
    recognise=lambda _, __: A_PAGE,
)


class Door(Struct):
    """An ingest half that takes notes, under the name of who took them."""

    ingest: Ingest
    http: httpx.AsyncClient
    vault: Vault
    client: broker.Connection
    key_file: Path

    async def send(self) -> httpx.Response:
        return await self.http.post("/toy/either", json={"text": USER}, headers={"X-Toy-Form": "long"})

    async def last(self) -> NoteTaken:
        stream = EventStream(family="notes").name
        seq = (await broker.ask(self.client, f"STREAM.INFO.{stream}")).state.last_seq
        message = (await broker.ask(self.client, f"STREAM.MSG.GET.{stream}", {"seq": seq})).message
        fact = Codec((NoteTaken,)).decode(base64.b64decode(message.data))
        assert isinstance(fact, NoteTaken)
        return fact


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door(nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    key_file = tmp_path_factory.mktemp("keys") / "master.key"
    settings = read_settings({"COLLECTOR_STREAM_MAX_BYTES": str(1 << 28), "COLLECTOR_MASTER_KEY_FILE": str(key_file)})
    async with open_ingest(settings, nats_url, lambda: datetime.now(UTC), offer=OFFER) as ingest:
        transport = httpx.ASGITransport(app=ingest.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://collector") as http:
            client = await broker.connect(nats_url, on_loss=lambda: None)
            yield Door(ingest, http, Vault(client, key_file), client, key_file)
            await broker.disconnect(client)


async def test_without_a_key_nobody_is_named_and_web_facts_go_on(door: Door):
    answer = await door.send()
    assert answer.text == "long, Unavailable"
    page = await door.http.post("/api/event", json={"domain": "shop.example", "pathname": "/"})
    assert page.status_code == 204


async def test_the_first_who_needs_it_waits_for_the_secret(door: Door):
    await settle_master_key(door.client, door.key_file, replicas=1)
    await until(lambda: stored(door))
    secret = await door.vault.get(tenant_secret_entry("main"))
    assert secret is not None
    fact = await door.last()
    assert (fact.text, fact.country) == (pseudonym(secret, site=fact.site, user=USER), "")


async def test_what_is_held_serves_while_the_vault_is_closed(door: Door):
    key = door.key_file.read_text()
    door.key_file.unlink()
    door.ingest.care.secrets.doubt()
    await door.ingest.care.secrets.look()
    assert (await door.send()).text == "long, Stored"
    door.key_file.write_text(key)


async def test_a_secret_that_was_destroyed_is_held_no_longer(door: Door):
    before = (await door.last()).text
    await door.vault.destroy(tenant_secret_entry("main"))
    await door.ingest.care.secrets.look()
    assert (await door.send()).text == "long, Stored"
    assert (await door.last()).text not in (before, "")


async def stored(door: Door) -> bool:
    return (await door.send()).text == "long, Stored"
