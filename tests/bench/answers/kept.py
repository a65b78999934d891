"""The filled database: a Postgres of its own for it, both sides' tables in it, filled once and kept where BENCH_DATA says."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
from msgspec import Struct

from collector.local.child import Launcher
from collector.local.postgres import SETTINGS, PostgresServer
from projections.database import open_engine
from projections.jobs import forget_ids
from projections.migrations import migrate
from projections.projector.packing import pack
from projections.vacuum import vacuum
from tests.bench.answers import umami_schema
from tests.bench.answers.fill import CREATE_PROGRESS, STREAM_CREATED
from tests.bench.answers.rolled_up import roll_up
from tests.bench.processes import ROOT
from tests.bench.world import forget_files, run
from tests.projections.world import connect_to_tables, read_generation

PARTS = 2
# What both sides are given. That nothing is waited for on the disk makes filling faster, and reading neither way.
_GENEROUS = {
    "shared_buffers": "2GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",
    "effective_cache_size": "8GB",
    "fsync": "off",
    "full_page_writes": "off",
}
_CREATE = (
    *umami_schema.CREATE,
    *CREATE_PROGRESS,
    "CREATE TABLE IF NOT EXISTS bench.set (facts integer, last date)",
    "CREATE TABLE IF NOT EXISTS bench.steps (name text PRIMARY KEY)",
)


class Filled(Struct, frozen=True, kw_only=True):
    """A database with everything in it: where, of how many facts about, and their last day."""

    url: str
    facts: int
    last: date


@contextlib.contextmanager
def postgres_for(launcher: Launcher, folder: Path) -> Iterator[PostgresServer]:
    """Run a Postgres in BENCH_DATA, which stays, else in *folder*, which is taken away afterwards."""
    kept = os.environ.get("BENCH_DATA")
    home = Path(kept) if kept else folder / "answers"
    home.mkdir(parents=True, exist_ok=True)
    server = PostgresServer(home / "postgres", launcher=launcher, settings=SETTINGS | _GENEROUS)
    server.start()
    try:
        yield server
    finally:
        server.stop(patience=60.0)
        if not kept:
            forget_files(home)


def filled(server: PostgresServer, facts: int, *, parts: int = PARTS) -> Filled:
    """Return the database of about *facts* facts on *server*; what is missing in it is written first."""
    url = server.url_of(f"answers_{facts}")
    last = run(begin(server, f"answers_{facts}", facts))
    run(step(url, "rows", lambda: asyncio.to_thread(write, "umami", url, facts, parts, last)))
    run(step(url, "indexes", lambda: _index(url)))
    run(migrate(url))
    run(step(url, "facts", lambda: asyncio.to_thread(write, "product", url, facts, parts, last)))
    run(step(url, "one position", lambda: _one_position(url)))
    run(step(url, "ids of the last days", lambda: _forget(url, last)))
    run(step(url, "vacuumed", lambda: _vacuum(url)))
    run(step(url, "packed", lambda: _pack(url)))
    run(step(url, "rollups", lambda: roll_up(url)))
    run(step(url, "vacuumed again", lambda: _vacuum(url)))
    return Filled(url=url, facts=facts, last=last)


async def begin(server: PostgresServer, name: str, facts: int) -> date:
    """Create what is not the product's, and return the last day of the set: yesterday, when it was begun."""
    await _create_database(server.url, name)
    connection = await asyncpg.connect(server.url_of(name))
    for statement in _CREATE:
        await connection.execute(statement)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    await connection.execute("INSERT INTO bench.set SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM bench.set)", facts, yesterday)
    last: date = await connection.fetchval("SELECT last FROM bench.set")
    await connection.close()
    return last


async def _create_database(server_url: str, name: str) -> None:
    connection = await asyncpg.connect(server_url)
    if await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name) == 0:
        await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


async def step(url: str, name: str, take: Callable[[], Awaitable[None]]) -> None:
    """Take a step that has not been taken."""
    connection = await asyncpg.connect(url)
    if await connection.fetchval("SELECT count(*) FROM bench.steps WHERE name = $1", name) == 0:
        await take()
        await connection.execute("INSERT INTO bench.steps VALUES ($1)", name)
    await connection.close()


def write(side: str, url: str, facts: int, parts: int, last: date) -> None:
    """Let as many processes as there are *parts* write theirs on one *side*."""
    wanted: Mapping[str, object] = {"side": side, "database": url, "facts": facts, "parts": parts, "last": last}
    argv = [sys.executable, "-m", "tests.bench.answers.fill", *(f"--{name}={value}" for name, value in wanted.items())]
    writers = [subprocess.Popen([*argv, f"--part={part}"], cwd=ROOT) for part in range(parts)]
    ended = [writer.wait() for writer in writers]
    assert not any(ended), "a writer has failed; run it again, and it goes on where it was"


async def _one_position(url: str) -> None:
    # The facts came to several positions so that several processes could write them, but they are one partition's.
    tables = await connect_to_tables(url)
    async with tables.transaction():
        await tables.execute("CREATE TEMPORARY TABLE added ON COMMIT DROP AS SELECT * FROM positions")
        await tables.execute("DELETE FROM positions")
        await tables.execute(
            """
            INSERT INTO positions (partition, partitions, stream_created, first_seq, seq, message_id, applied, duplicates,
                quarantined, received_at)
            SELECT 0, 1, $1, 1, sum(seq), '', sum(applied), sum(duplicates), sum(quarantined), max(received_at) FROM added
            """,
            STREAM_CREATED,
        )
    await tables.close()


async def _forget(url: str, last: date) -> None:
    # As the projector does every hour: an id is kept for as long as a fact can repeat it.
    engine = open_engine(url, schema=(await read_generation(url)).schema)
    await forget_ids(engine, now=datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1))
    await engine.dispose()


async def _index(url: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in umami_schema.INDEX:
        await connection.execute(statement)
    await connection.close()


async def _vacuum(url: str) -> None:
    await vacuum(url)


async def _pack(url: str) -> None:
    # As the projector does every hour.
    await pack(url, (await read_generation(url)).schema)
