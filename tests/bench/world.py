"""The servers that a run needs, its scratch folder, and how large it is meant to be."""

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import nats
import uvloop
from msgspec import Struct
from nats.js.errors import NotFoundError

from collector.local.child import Launcher
from collector.local.guarded import GuardedLauncher
from collector.local.nats import NatsServer
from collector.local.postgres import PostgresServer
from collector.stream.connection import connect, disconnect, ensure_stream
from projections.migrations import migrate
from tests.facts import STREAM, WEB
from tests.faults.salted import salted

Answer = TypeVar("Answer")


class World(Struct, frozen=True, kw_only=True):
    """A real nats-server and a real Postgres, and what starts everything else."""

    nats: NatsServer
    postgres: PostgresServer
    launcher: Launcher
    folder: Path
    is_quick: bool = False
    facts: int = 0  # of the stage `answers`; 0 is what it has by itself

    @property
    def rounds(self) -> int:
        """Return how many rounds a comparison has; an odd number has a middle."""
        return 3 if self.is_quick else 7

    def of(self, whole: int) -> int:
        """Return how many there are in this run of what a full run has *whole*: a tenth in a quick one."""
        return whole // 10 if self.is_quick else whole


@contextlib.contextmanager
def opened(*, is_quick: bool, facts: int = 0) -> Iterator[World]:
    """Start the servers in a scratch folder; stop them and take everything away afterwards, even when we are killed."""
    folder = Path(tempfile.mkdtemp(prefix="collector-bench-"))
    try:
        with GuardedLauncher(folder / "children.json") as launcher:
            nats_server = NatsServer(folder / "nats", launcher=launcher)
            postgres = PostgresServer(folder / "postgres", launcher=launcher)
            nats_server.start()
            postgres.start()
            try:
                yield World(
                    nats=nats_server, postgres=postgres, launcher=launcher, folder=folder, is_quick=is_quick, facts=facts
                )
            finally:
                nats_server.stop()
                postgres.stop()
    finally:
        forget_files(folder)


def forget_files(folder: Path) -> None:
    """Remove *folder*, and what a Postgres started by root keeps elsewhere."""
    location = folder / "postgres" / "location"
    if location.exists():
        shutil.rmtree(location.read_text(encoding="utf-8").strip(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def run(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """Run *coroutine* on the event loop that the product uses."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)


async def no_streams(nats_url: str) -> None:
    """Take every stream away."""
    connection = await nats.connect(nats_url)
    jetstream = connection.jetstream()
    for stream in await jetstream.streams_info():
        with contextlib.suppress(NotFoundError):
            await jetstream.delete_stream(str(stream.config.name))
    await connection.close()


async def empty_stream(nats_url: str) -> None:
    """Have the product's stream, with nothing in it, and the day's salt, as after another role."""
    connection = await nats.connect(nats_url)
    with contextlib.suppress(NotFoundError):
        await connection.jetstream().delete_stream(STREAM)
    await connection.close()
    client = await connect(nats_url, on_loss=lambda: None)
    await ensure_stream(client, WEB, max_bytes=8 << 30, replicas=1)
    await disconnect(client)
    await salted(nats_url)


@contextlib.asynccontextmanager
async def fresh_database(postgres: PostgresServer):
    """Lend the address of a database with empty tables."""
    name = f"bench_{secrets.token_hex(6)}"
    await migrate(postgres.url_of(name))
    try:
        yield postgres.url_of(name)
    finally:
        connection = await asyncpg.connect(postgres.url)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()
