"""A mounted system answers behind its name as it does at the root, for the site that is bound to it or whose key is shown."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
import pytest_asyncio
from msgspec import Struct, structs

from collector.dialects import DIALECTS
from collector.dialects.mounted import mounted, mounted_by_key, of_mount
from collector.ingest import Ingest, Offer, open_ingest
from collector.kinds import KINDS
from collector.settings import read_settings
from collector.stream import connection as broker
from contracts.control import mounts, sites
from contracts.mounts import Mount
from contracts.streams import FAMILIES, EventStream, Family
from tests.collector.control.telling import Pen, until, writing
from tests.collector.toy import NOTES, TOY

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Without a key, as at Minigem.
INBOX = structs.replace(
    next(part for part in TOY if part.template == "/toy/notes"),
    template="/note",
    scope="",
    read=lambda arrival: [structs.replace(hit, shown_key=None) for hit in READ(arrival)],
)
READ = next(part for part in TOY if part.template == "/toy/notes").read
OFFER = Offer(
    dialects=(
        *DIALECTS,
        *of_mount(Mount.MINIGEM, [INBOX]),
        *mounted(Mount.MINIGEM, [INBOX]),
        *mounted_by_key(Mount.MINIGEM, [structs.replace(INBOX, scope="ingest")]),
    ),
    kinds=(*KINDS, NOTES),
    families=(*FAMILIES, Family(name="notes")),
)


class Door(Struct):
    """An ingest half in production that takes notes without a key."""

    ingest: Ingest
    http: httpx.AsyncClient
    pen: Pen
    client: broker.Connection

    async def send(self, path: str) -> httpx.Response:
        await until(lambda: self.ingest.care.follower.seq >= self.pen.seq, "it has read what was decided")
        return await self.http.post(path, json={"text": "x"})

    async def site(self, family: str = "notes") -> str:
        """Return the site of the newest fact of *family*."""
        stream = EventStream(family=family).name
        seq = (await broker.ask(self.client, f"STREAM.INFO.{stream}")).state.last_seq
        message = (await broker.ask(self.client, f"STREAM.MSG.GET.{stream}", {"seq": seq})).message
        return str(msgspec.json.decode(base64.b64decode(message.data))["site"])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door(nats_url: str) -> AsyncIterator[Door]:
    settings = read_settings({"COLLECTOR_STREAM_MAX_BYTES": str(1 << 28), "COLLECTOR_MODE": "production"})
    async with writing(nats_url) as pen:
        await pen.make()
        await pen.write([*pen.tenant("acme"), *pen.site("acme", "game.example"), *pen.site("acme", "other.example")])
        async with open_ingest(settings, nats_url, lambda: datetime.now(UTC), offer=OFFER) as ingest:
            transport = httpx.ASGITransport(app=ingest.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://collector") as http:
                client = await broker.connect(nats_url, on_loss=lambda: None)
                yield Door(ingest, http, pen, client)
                await broker.disconnect(client)


@pytest.mark.parametrize("path", ["/note", "/minigem/note"])
async def test_in_production_nothing_is_taken_for_nobody(door: Door, path: str):
    answer = await door.send(path)
    assert (answer.status_code, answer.text) == (404, "no: unbound")


async def test_a_public_key_in_the_path_says_whose_it_is(door: Door):
    text, events = door.pen.key("acme", "ingest", is_public=True, site="other.example")
    await door.pen.write(events)
    assert (await door.send(f"/minigem/{text}/note")).status_code == 200
    assert await door.site() == "other.example"
    assert (await door.send("/minigem/nonsense/note")).status_code == 401


async def test_what_names_no_site_is_for_the_one_that_is_bound(door: Door):
    claim = mounts.mount_id("minigem")
    claimed = door.pen.event(mounts.MountClaimed, claim, tenant="acme", key="game.example")
    await door.pen.write([*door.pen.of_site(sites.SiteBound, "acme", "game.example", mount="minigem"), claimed])
    for path in ("/note", "/minigem/note"):
        assert (await door.send(path)).status_code == 200
        assert await door.site() == "game.example"
    await door.pen.write([door.pen.event(mounts.MountReleased, claim)])
    assert (await door.send("/note")).status_code == 404


async def test_at_the_root_what_a_server_sends_in_flowcores_form_is_for_the_site_that_is_bound_to_it(door: Door):
    sent = {"pathname": "/test", "eventName": "test_event"}
    lost = await door.http.post("/api/event", json=sent)
    assert (lost.status_code, lost.headers["X-Collector-Dropped"]) == (204, "unknown_site"), "of two sites nobody knows which"
    claim = mounts.mount_id("flowcore")
    claimed = door.pen.event(mounts.MountClaimed, claim, tenant="acme", key="other.example")
    await door.pen.write([*door.pen.of_site(sites.SiteBound, "acme", "other.example", mount="flowcore"), claimed])
    await until(lambda: door.ingest.care.follower.seq >= door.pen.seq, "it has read what was decided")
    for path in ("/api/event", "/api/pageview", "/flowcore/api/event"):
        kept = await door.http.post(path, json=sent)
        assert (kept.status_code, kept.headers.get("X-Collector-Dropped")) == (204, None)
        assert await door.site("web") == "other.example"
