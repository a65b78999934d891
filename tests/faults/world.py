"""The world of a chaos run: private servers, ingest processes and projectors, and the wait until the dust has settled."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import nats

from collector.local.guarded import GuardedLauncher
from collector.local.nats import NatsServer
from collector.local.postgres import PostgresServer
from contracts.tallies import TALLY_STREAM
from projections.migrations import migrate
from tests.conftest import forget_files_of, stop_whatever_its_state
from tests.facts import STREAM
from tests.faults.ledger import SITE, Ledger, Told
from tests.faults.role import Role
from tests.faults.salted import salted
from tests.faults.victims import NatsVictim, PostgresVictim, RoleVictim, Victim
from tests.faults.waiting import until
from tests.projections.world import connect_to_tables


class World:
    """Two servers, and the roles that work with them."""

    def __init__(
        self, nats_server: NatsServer, postgres: PostgresServer, ingests: Sequence[Role], projectors: Sequence[Role]
    ) -> None:
        self.nats = nats_server
        self.postgres = postgres
        self.ingests = ingests
        self.projectors = projectors
        self.victims: list[Victim] = [
            NatsVictim(nats_server),
            PostgresVictim(postgres),
            *(RoleVictim(role) for role in (*ingests, *projectors)),
        ]

    @property
    def roles(self) -> list[Role]:
        return [*self.ingests, *self.projectors]

    @property
    def ports(self) -> list[int]:
        return [role.port for role in self.ingests]

    async def ready(self) -> None:
        """Return once every role is ready."""
        for role in self.roles:
            await role.ready()

    async def settle(self, ledger: Ledger) -> None:
        """Return once every ingest process takes events again and everything in the stream has been projected."""
        await self.ready()
        for role in self.ingests:
            await until(lambda role=role: self._takes(role, ledger), "an event is taken after the last fault")
        await until(self.is_projected, "everything in the stream is projected")

    async def close_the_books(self) -> None:
        """Stop every ingest process, and return once all that they told has been read."""
        for role in self.ingests:
            await asyncio.to_thread(role.stop)
        await until(self._is_told, "what the ingest processes told is read")

    async def _is_told(self) -> bool:
        connection = await nats.connect(self.nats.url)
        try:
            told = (await connection.jetstream().stream_info(TALLY_STREAM.name)).state.last_seq
        finally:
            await connection.close()
        tables = await connect_to_tables(self.postgres.url)
        try:
            return int(await tables.fetchval("SELECT coalesce(max(seq), 0) FROM tally_reading")) >= told
        finally:
            await tables.close()

    async def is_projected(self) -> bool:
        return await self.position() >= await self.last_seq()

    async def last_seq(self) -> int:
        connection = await nats.connect(self.nats.url)
        try:
            return int((await connection.jetstream().stream_info(STREAM)).state.last_seq)
        finally:
            await connection.close()

    async def position(self) -> int:
        connection = await connect_to_tables(self.postgres.url)
        try:
            return int(await connection.fetchval("SELECT coalesce(max(seq), 0) FROM positions"))
        finally:
            await connection.close()

    async def _takes(self, role: Role, ledger: Ledger) -> bool:
        key = f"last-{role.port}"
        async with httpx.AsyncClient(trust_env=False) as http:
            event = {"domain": SITE, "pathname": "/last", "id": key}
            answer = await http.post(f"http://127.0.0.1:{role.port}/api/event", json=event)
        ledger.note(key, Told.STORED if answer.status_code < 300 else Told.UNAVAILABLE)
        return answer.status_code < 300


@contextlib.asynccontextmanager
async def world(
    folder: Path, launcher: GuardedLauncher, *, ingests: Sequence[str] = ("", ""), projectors: Sequence[str] = ("", "")
) -> AsyncIterator[World]:
    """Run a world in *folder*; a role is the product's own, or the double that its module names."""
    nats_server = NatsServer(folder / "nats", launcher=launcher)
    postgres = PostgresServer(folder / "postgres", launcher=launcher)
    roles: list[Role] = []
    try:
        await asyncio.gather(asyncio.to_thread(nats_server.start), asyncio.to_thread(postgres.start))
        await migrate(postgres.url)
        urls = {"NATS_URL": await salted(nats_server.url), "DATABASE_URL": postgres.url}
        roles += [Role("serve", launcher, folder, module=module, **urls) for module in ingests]
        roles += [Role("project", launcher, folder, module=module, **urls) for module in projectors]
        for role in roles:
            role.start()
        yield World(nats_server, postgres, roles[: len(ingests)], roles[len(ingests) :])
    finally:
        for role in roles:
            role.stop_whatever_its_state()
        for server in (nats_server, postgres):
            if server.is_started:
                stop_whatever_its_state(server)
        forget_files_of(folder / "postgres")
