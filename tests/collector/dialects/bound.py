"""An ingest half in production that is bound for every mount to one site, and what it stores of any family."""

import base64
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from collector.ingest import OUR_OFFER, Ingest, Offer, open_ingest
from collector.local.master_key import settle_master_key
from collector.settings import read_settings
from collector.stream import connection as broker
from contracts.control import mounts
from contracts.jetstream import JetStreamError
from contracts.mounts import Mount
from contracts.streams import streams_of
from tests.collector.control.telling import Pen, until, writing
from tests.collector.ingest import UNLIMITED

SITE = "people.example"
TENANT = "acme"


class Door(Struct):
    """An ingest half in production, where every mount is bound to a site of the usual policy."""

    ingest: Ingest
    http: httpx.AsyncClient
    client: broker.Connection
    headers: dict[str, str]
    offer: Offer

    async def stored(self) -> AsyncIterator[bytes]:
        """Yield every fact that is stored, of whichever family."""
        for stream, last in (await self._lasts()).items():
            for seq in range(1, last + 1):
                message = (await broker.ask(self.client, f"STREAM.MSG.GET.{stream}", {"seq": seq})).message
                yield base64.b64decode(message.data)

    async def count(self) -> int:
        """Return how many facts are stored."""
        return sum((await self._lasts()).values())

    async def ids(self) -> list[str]:
        """Return the id of every fact that is stored."""
        return [msgspec.json.decode(fact)["id"] async for fact in self.stored()]

    async def post(self, path: str, body: Any) -> httpx.Response:
        """Send *body* with every system's form of a key."""
        return await self.http.post(path, json=body, headers=self.headers)

    async def _lasts(self) -> dict[str, int]:
        found = {}
        for stream in streams_of(self.offer.families):
            with contextlib.suppress(JetStreamError):  # it is made with the family's first fact
                found[stream.name] = (await broker.ask(self.client, f"STREAM.INFO.{stream.name}")).state.last_seq
        return found


@contextlib.asynccontextmanager
async def open_bound(nats_url: str, folder: Path, offer: Offer = OUR_OFFER) -> AsyncIterator[Door]:
    """Open an ingest half on *nats_url*, whose key lies in *folder*, and take for SITE what any mount is sent."""
    key_file = folder / "master.key"
    environment = {"COLLECTOR_STREAM_MAX_BYTES": str(1 << 30), "COLLECTOR_MODE": "production"} | UNLIMITED
    settings = read_settings(environment | {"COLLECTOR_MASTER_KEY_FILE": str(key_file)})
    async with writing(nats_url) as pen:
        await pen.make()
        headers = await _everything_bound(pen)
        client = await broker.connect(nats_url, on_loss=lambda: None)
        await settle_master_key(client, key_file, replicas=1)
        async with open_ingest(settings, nats_url, lambda: datetime.now(UTC), offer=offer) as ingest:
            await until(lambda: ingest.care.follower.seq >= pen.seq, "it has read what was decided")
            transport = httpx.ASGITransport(app=ingest.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://collector") as http:
                yield Door(ingest, http, client, headers, offer)
        await broker.disconnect(client)


async def _everything_bound(pen: Pen) -> dict[str, str]:
    """Decide what is needed, and return what a client with a key of the site sends along."""
    text, issued = pen.key(TENANT, "ingest", site=SITE)
    claims = [pen.event(mounts.MountClaimed, mounts.mount_id(mount), tenant=TENANT, key=SITE) for mount in Mount]
    await pen.write([*pen.tenant(TENANT), *pen.site(TENANT, SITE), *issued, *claims])
    return {"Authorization": f"Bearer {text}", "X-API-Key": text, "X-Tenant-Id": TENANT, "X-Secret": text}
