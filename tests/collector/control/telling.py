"""A pen for the stream of control events, and an ingest half that follows what is written with it."""

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from nats.aio.client import Client

from collector.control.keeping import accept_loss
from collector.control.new_key import new_key
from collector.stream import connection as broker
from contracts.control import CONTROL_CODEC, keys, sites, tenants
from contracts.control.envelope import ControlEvent
from contracts.control.stream import CONTROL_STREAM, control_settings, subject_of
from contracts.jetstream import MESSAGE_ID, JetStreamError, read_answer
from tests.collector.ingest import Running, running

# Error creating store for stream.
STORE_IS_BUSY = 10049
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
PATIENCE = 10.0


class Decided:
    """Events in their order, each with the next version of its thing."""

    def __init__(self) -> None:
        self._versions: Counter[str] = Counter()

    def event(self, kind: type[ControlEvent], thing: str, /, **fields: Any) -> ControlEvent:
        """Return the next event of *thing*."""
        self._versions[thing] += 1
        return kind(originator_id=thing, originator_version=self._versions[thing], at=AT, by="here", **fields)

    def tenant(self, name: str) -> list[ControlEvent]:
        return [self.event(tenants.TenantAdded, tenants.tenant_id(name))]

    def site(self, tenant: str, key: str, *names: str) -> list[ControlEvent]:
        """Return that there is a site, which goes by its key and *names*."""
        added = self.event(sites.SiteAdded, sites.site_id(tenant, key), tenant=tenant, key=key)
        return [added, *(event for name in (key, *names) for event in self.name(tenant, key, name))]

    def name(self, tenant: str, key: str, name: str) -> list[ControlEvent]:
        """Return that a site goes by *name*, too."""
        return [
            self.event(sites.SiteNamed, sites.site_id(tenant, key), name=name),
            self.event(sites.NameClaimed, sites.name_id(name), tenant=tenant, key=key),
        ]

    def unname(self, tenant: str, key: str, name: str) -> list[ControlEvent]:
        """Return that a site gives up *name*."""
        return [
            self.event(sites.SiteUnnamed, sites.site_id(tenant, key), name=name),
            self.event(sites.NameReleased, sites.name_id(name)),
        ]

    def of_site(self, kind: type[ControlEvent], tenant: str, key: str, **fields: Any) -> list[ControlEvent]:
        return [self.event(kind, sites.site_id(tenant, key), **fields)]

    def key(self, tenant: str, *scopes: str, is_public: bool = False, **fields: Any) -> tuple[str, list[ControlEvent]]:
        """Return a key as it is shown, and that it was issued."""
        made = new_key()
        kind = keys.KeyKind.PUBLIC if is_public else keys.KeyKind.SECRET
        told = {"tenant": tenant, "kind": kind, "scopes": tuple(map(keys.Scope, scopes)), "digest": made.digest, **fields}
        return made.text, [self.event(keys.KeyIssued, keys.key_id(made.id), **told)]

    def revoke(self, text: str) -> list[ControlEvent]:
        return [self.event(keys.KeyRevoked, keys.key_id(text.split("_")[1]))]


class Pen(Decided):
    """Writes events into the stream, which it makes; ``seq`` is where the last of them is."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
        self.seq = 0

    async def make(self) -> None:
        while True:
            try:
                await broker.ask(self._client, f"STREAM.CREATE.{CONTROL_STREAM.name}", control_settings(replicas=1))
            except JetStreamError as error:
                # The server may still be removing the files of one of this name that was deleted a moment ago.
                if error.err_code != STORE_IS_BUSY:
                    raise
                await asyncio.sleep(0.05)
            else:
                return

    async def take_away(self) -> None:
        with contextlib.suppress(JetStreamError):
            await broker.ask(self._client, f"STREAM.DELETE.{CONTROL_STREAM.name}")

    async def accept(self) -> None:
        """Say that what there is now shall count."""
        await accept_loss(self._client, AT, replicas=1)

    async def write(self, events: list[ControlEvent]) -> None:
        pairs = [(subject_of(event.originator_id, event.originator_version), CONTROL_CODEC.encode(event)) for event in events]
        await asyncio.gather(*(self.put(subject, body) for subject, body in pairs))  # they go out in their order

    async def put(self, subject: str, body: bytes) -> None:
        """Store anything at *subject*."""
        headers = {MESSAGE_ID: secrets.token_hex(8)}
        answer = await self._client.request(subject, body, timeout=5, headers=headers)
        self.seq = max(self.seq, read_answer(answer.data).seq)


@contextlib.asynccontextmanager
async def writing(nats_url: str) -> AsyncIterator[Pen]:
    """Lend a pen on a NATS without control events, and leave none behind."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    pen = Pen(client)
    await pen.take_away()
    yield pen
    await pen.take_away()
    await broker.disconnect(client)


@contextlib.asynccontextmanager
async def controlled(nats_url: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[tuple[Running, Pen]]:
    """Open an ingest half beside an empty stream of control events, and lend the pen for it."""
    async with writing(nats_url) as pen:
        await pen.make()
        async with running(nats_url, environment) as collector:
            yield collector, pen


async def told(collector: Running, pen: Pen) -> None:
    """Return once *collector* has read everything that was written."""
    await until(lambda: collector.ingest.care.follower.seq >= pen.seq, "it has read what was decided")


async def until(is_so: Callable[[], object], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"still waiting: {what}") from None
