"""What the real clients of the five systems sent, replayed: answered as it was, with the facts that a hand counts."""

import base64
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from msgspec import Struct
from nats.aio.client import Client

from collector.app import addresses
from collector.local.master_key import settle_master_key
from collector.local.postgres import PostgresServer
from collector.serving.about import About
from collector.serving.health import Operations
from collector.serving.role import asgi, claims_of
from collector.serving.table import AddressTable, Dispatch, Owner
from collector.stream import connection as broker
from contracts.codec import CODEC, type_of
from contracts.control import mounts, sites
from contracts.control.envelope import ControlEvent
from contracts.jetstream import JetStreamError
from contracts.streams import FAMILIES, EventStream
from projections.migrations import migrate
from projections.projections import PROJECTIONS
from projections.stream.newest import Newest
from projections.vault import VaultReader
from tests.clients import recordings
from tests.clients.listening import Exchange
from tests.clients.recordings import Recording
from tests.collector.control.telling import Pen, controlled, told
from tests.collector.ingest import FIREFOX, Running
from tests.collector.serving.applications import fine
from tests.conftest import run_sql
from tests.projections.control.deciding import decided
from tests.projections.query.world import open_world
from tests.projections.world import PATIENCE, projecting

pytestmark = pytest.mark.asyncio(loop_scope="module")

DATABASE = "recorded_clients"
SYSTEMS = ("bilan", "nodash", "minigem", "flowcore", "change66")
# Nodash's clients name their tenant, and Flowcore's pages their site.
TENANTS, SITES = {"nodash": "tenant1"}, {"flowcore": "shop.example"}


class Installation(Struct):
    """The whole product behind one address, and a key for each system's site."""

    http: httpx.AsyncClient
    client: Client
    keys: Mapping[str, str]

    async def replay(self, name: str, recording: Recording) -> list[tuple[str, int, str]]:
        """Send what was recorded as if it were now, and return what was asked and how it was answered."""
        return [await self._sent(each, self.keys[name], recording.at) for each in recording.exchanges]

    async def _sent(self, each: Exchange, key: str, at: datetime) -> tuple[str, int, str]:
        now = datetime.now(UTC)
        body, target = (recordings.as_if_now(text, at, now) for text in (each.body, each.target))
        headers = {name: value.replace(recordings.KEY, key) for name, value in each.headers.items()}
        answer = await self.http.request(each.method, target, headers=headers, content=body.encode() or None)
        words = recordings.worded(answer.text) if each.answer else ""
        return f"{each.method} {each.target}", answer.status_code, words

    async def facts(self, site: str) -> dict[str, int]:
        """Return how many facts of each type there are of *site*."""
        found: Counter[str] = Counter()
        for family in FAMILIES:
            stream = EventStream(family=family.name).name
            for seq in range(1, await self._last(stream) + 1):
                message = (await broker.ask(self.client, f"STREAM.MSG.GET.{stream}", {"seq": seq})).message
                fact = CODEC.decode(base64.b64decode(message.data))
                found[type_of(fact)] += fact.site == site
        return {name: count for name, count in found.items() if count}

    async def _last(self, stream: str) -> int:
        try:
            return int((await broker.ask(self.client, f"STREAM.INFO.{stream}")).state.last_seq)
        except JetStreamError:  # it is made with its first fact
            return 0


def site_of(name: str) -> str:
    return SITES.get(name, f"{name}.example")


def decide(pen: Pen) -> tuple[dict[str, str], list[ControlEvent]]:
    """Return a key of each system, and that it has a site of its own, which is bound to its name."""
    keys, events = {}, pen.tenant("main") + pen.tenant("tenant1")
    for name in SYSTEMS:
        tenant, site = TENANTS.get(name, "main"), site_of(name)
        keys[name], issued = pen.key(tenant, "ingest", "read", site=site)
        claimed = pen.event(mounts.MountClaimed, mounts.mount_id(name), tenant=tenant, key=site)
        bound = pen.of_site(sites.SiteBound, tenant, site, mount=name)
        reads = pen.of_site(sites.SiteReadsDecided, tenant, site, is_public=True)
        events += [*pen.site(tenant, site), *bound, claimed, *reads, *issued]
    return keys, events


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def product(
    nats_url: str, session_postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    database_url, key_file = session_postgres.url_of(DATABASE), tmp_path_factory.mktemp("keys") / "master.key"
    await migrate(database_url)
    async with controlled(nats_url, {"COLLECTOR_MASTER_KEY_FILE": str(key_file)}) as (collector, pen):
        await settle_master_key(collector.client, key_file, replicas=1)
        keys, events = decide(pen)
        await pen.write(events)
        await told(collector, pen)
        await decided(database_url, *events)
        vault, newest = VaultReader(nats_url, key_file), Newest(nats_url, seconds=PATIENCE)
        async with (
            open_world(database_url, vault=vault, newest=newest) as world,
            projecting(nats_url, database_url, projections=PROJECTIONS),
        ):
            world.now = datetime.now(UTC) + timedelta(minutes=1)
            transport = httpx.ASGITransport(whole(collector, world.app), raise_app_exceptions=False)
            headers = {"User-Agent": FIREFOX}
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", headers=headers) as http:
                yield Installation(http, collector.client, keys)
    await run_sql(session_postgres.url, f"DROP DATABASE {DATABASE} WITH (FORCE)")


def whole(collector: Running, asked: Any) -> Operations:
    """Return both halves behind one address, as `collector web` has them."""
    table = AddressTable({Owner.INGEST: addresses(), Owner.QUERY: claims_of(asked)})
    about = About(tenant="main", clock=lambda: datetime.now(UTC))
    both = Dispatch(table, ingest=asgi(collector.ingest.app), query=asgi(asked))
    return Operations(both, role="web", checks=fine, access_token=None, is_loopback=True, about=about)


@pytest.mark.parametrize("name", SYSTEMS)
async def test_what_the_real_clients_sent_is_answered_and_stored_as_it_was(product: Installation, name: str):
    recording = recordings.read(name)
    asked = [(f"{each.method} {each.target}", each.status, each.answer) for each in recording.exchanges]
    assert await product.replay(name, recording) == asked
    assert await product.facts(site_of(name)) == recording.facts
