"""The world of a cluster: three nats-servers, ingest roles, a projector for each of two partitions, and what was promised."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from collector.local.child import Launcher
from collector.salts.bucket import SaltBucket
from collector.stream import connection as broker
from tests.cluster.nodes import PARTITIONS, SALTS, Cluster
from tests.cluster.writing import Writing
from tests.faults.role import Role
from tests.faults.waiting import until
from tests.projections.world import connect_to_tables

ROOM = str(1 << 28)


class World:
    """What a scenario acts on."""

    def __init__(self, cluster: Cluster, folder: Path, launcher: Launcher, database_url: str) -> None:
        self.cluster = cluster
        self.salts: set[bytes] = set()
        self._folder = folder
        self._launcher = launcher
        self._database_url = database_url
        self.roles: list[Role] = []
        self.ingests: list[Role] = []
        self.events = Writing(self.ingests)

    def ingest(self, *, nats_url: str = "", replicas: int = 3) -> Role:
        """Start an ingest role."""
        settings = {"NATS_URL": nats_url or self.cluster.url, "STREAM_REPLICAS": str(replicas)}
        self.ingests.append(self._role("serve", **settings))
        return self.ingests[-1]

    def projectors(self) -> None:
        """Start a projector for each partition."""
        for partition in range(PARTITIONS):
            where = {"NATS_URL": self.cluster.url, "DATABASE_URL": self._database_url}
            self._role("project", **where, PARTITION=str(partition))

    def backfill(self) -> Role:
        """Start to compute everything again."""
        return self._role("backfill", NATS_URL=self.cluster.url, DATABASE_URL=self._database_url)

    async def ready(self, *roles: Role) -> None:
        """Return once *roles*, or all that have not ended, are ready."""
        for role in roles or [role for role in self.roles if role.is_running]:
            await role.ready()

    async def salt(self) -> bytes:
        """Return today's salt as the bucket has it, once it can be read, and remember to look for it on the disks."""
        client = await broker.connect(self.cluster.url, on_loss=lambda: None)
        found: list[bytes] = []

        async def is_there() -> bool:
            with contextlib.suppress(broker.JetStreamError, *broker.UNREACHABLE):
                if key := await SaltBucket(client).read(datetime.now(UTC).date()):
                    found.append(key)
            return bool(found)

        try:
            await until(is_there, "the bucket has the day's salt")
        finally:
            await broker.disconnect(client)
        self.salts.add(found[0])
        return found[0]

    async def replicated(self, replicas: int, streams: list[str]) -> None:
        """Return once *streams* and the salt have as many copies."""
        for stream in [*streams, SALTS]:
            await until(lambda stream=stream: self.cluster.replicas_of(stream) == {replicas}, f"{stream} has {replicas} copies")

    async def counted(self, events: int) -> None:
        """Return once as many *events* are counted."""
        connection = await connect_to_tables(self._database_url)

        async def are_projected() -> bool:
            return await connection.fetchval("SELECT count(DISTINCT event_id) FROM hits") >= events

        try:
            await until(are_projected, "every event is counted")
        finally:
            await connection.close()

    async def counted_once(self, *written: Writing) -> None:
        """Make sure that every event that was acknowledged is counted once, and nothing else at all."""
        stored = set().union(*(each.stored for each in written))
        await self.counted(len(stored))
        connection = await connect_to_tables(self._database_url)
        try:
            hits = await connection.fetch("SELECT event_id::text AS id FROM hits")
            applied, hit_count = await connection.fetchrow("SELECT sum(applied), (SELECT count(*) FROM hits) FROM positions")
        finally:
            await connection.close()
        assert len(hits) == len(stored), "counted more than once"
        assert {row["id"] for row in hits} == stored
        assert applied == hit_count

    async def visitors(self, written: Writing) -> int:
        """Return the largest number of ids that the one visitor was given on one site and one day."""
        query = (
            "SELECT max(ids) FROM (SELECT count(DISTINCT visitor) AS ids FROM hits WHERE event_id = ANY($1::uuid[]) "
            "GROUP BY site, day) AS each"
        )
        connection = await connect_to_tables(self._database_url)
        try:
            return int(await connection.fetchval(query, list(written.stored)))
        finally:
            await connection.close()

    def salts_on_disks(self) -> int:
        """Return how many of the files of any node hold a salt in any form."""
        assert self.salts, "nothing is looked for"
        forms = [form for key in self.salts for form in (key, key.hex().encode(), base64.b64encode(key)[:42])]
        return sum(any(form in file for form in forms) for file in self.cluster.files())

    def _role(self, name: str, **settings: str) -> Role:
        more = {"PARTITIONS": str(PARTITIONS), "STREAM_MAX_BYTES": ROOM}
        self.roles.append(Role(name, self._launcher, self._folder, **more, **settings).start())
        return self.roles[-1]


@contextlib.asynccontextmanager
async def clustered(folder: Path, launcher: Launcher, database_url: str) -> AsyncIterator[World]:
    """Run a cluster, and what a scenario starts beside it."""
    cluster = Cluster(folder, launcher)
    world = World(cluster, folder, launcher, database_url)
    try:
        cluster.start()
        await cluster.healthy()
        yield world
    finally:
        for role in world.roles:
            await asyncio.to_thread(role.stop_whatever_its_state)
        cluster.stop()
