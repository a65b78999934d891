"""Evidence: everything that an installation left behind, and how it is got hold of."""

import base64
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from nats.aio.client import Client

from collector.salts.agreed import AgreedSalts
from collector.salts.bucket import BUCKET, SUBJECT_ROOT, SaltBucket
from collector.stream import connection as broker
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError
from contracts.streams import FAMILIES, EventStream
from contracts.tallies import OTHER_SITES
from tests.facts import STREAM
from tests.privacy.haystacks import files_below, joined, messages, postgres_files, rows
from tests.privacy.speaking import Answer
from tests.privacy.traffic import SITE
from tests.projections.world import connect_to_tables
from tests.running import Up


class Evidence(NamedTuple):
    """What happened, and everything that could have kept it; ``logical`` was asked for, ``physical`` read from the disk."""

    answers: list[Answer]
    objections: list[Answer]
    stored_of_objections: int
    key: bytes
    handed: Mapping[str, str]
    day: date
    visitors: frozenset[bytes]
    clean: subprocess.CompletedProcess[str]
    dirty: subprocess.CompletedProcess[str]
    told: Mapping[str, bytes]
    logical: Mapping[str, bytes]
    physical: Mapping[str, bytes]

    @property
    def haystacks(self) -> dict[str, bytes]:
        return {**self.told, **self.logical, **self.physical}


@asynccontextmanager
async def connected(running: Up) -> AsyncIterator[Client]:
    """Lend a connection to the installation's NATS, with the token that only its owner can read."""
    client = await broker.connect(running.runtime["nats_url"], on_loss=lambda: None)
    try:
        yield client
    finally:
        await broker.disconnect(client)


async def count_events(running: Up) -> int:
    """Return how many facts the stream holds."""
    async with connected(running) as client:
        return int((await broker.ask(client, f"STREAM.INFO.{STREAM}")).state.messages)


async def is_all_projected(running: Up) -> bool:
    """Tell whether the projector has dealt with every fact of every family."""
    async with connected(running) as client:
        lasts = {family.name: await _last_of(client, EventStream(family=family.name)) for family in FAMILIES}
    sent = {family: [last] for family, last in lasts.items() if last}
    return sent == {family: await _column(running, "SELECT seq FROM positions", projection=family) for family in sent}


async def _last_of(client: Client, stream: EventStream) -> int:
    """Return the last sequence of *stream*, 0 where nobody has sent it anything."""
    try:
        return (await broker.ask(client, f"STREAM.INFO.{stream.name}")).state.last_seq
    except JetStreamError as refusal:
        if refusal.err_code != STREAM_NOT_FOUND:
            raise
        return 0


async def is_all_tallied(running: Up) -> bool:
    """Tell whether what the objecting sent is in the tables, under the site that they named or under none of its name."""
    found = await _column(running, "SELECT DISTINCT site FROM tallies WHERE reason = 'privacy_signal'")
    return {SITE, OTHER_SITES} <= set(found)


async def query_sessions(running: Up) -> list[int]:
    """Return the processes of Postgres that answer the dashboard."""
    return await _column(running, "SELECT pid FROM pg_stat_activity WHERE application_name = 'collector query'")


async def read_salt(running: Up) -> tuple[date, bytes]:
    """Return the day that the replicas agree on, and its salt, from the memory bucket."""
    async with connected(running) as client:
        found = await broker.ask(client, f"STREAM.MSG.GET.{BUCKET}", {"last_by_subj": f"{SUBJECT_ROOT}.floor"})
        day = date.fromisoformat(base64.b64decode(found.message.data).decode())
        key = await SaltBucket(client).read(day)
    assert key is not None
    return day, key


async def rotate(running: Up, day: date) -> None:
    """Be a replica that lives through the midnight after *day*."""
    now = datetime.combine(day, time(23, 59), UTC)
    async with connected(running) as client:
        salts = AgreedSalts(client, lambda: now, tolerated_skew=timedelta(days=3))
        await salts.of(now)
        now += timedelta(minutes=2)
        await salts.rotate()


async def read_visitors(running: Up) -> frozenset[bytes]:
    """Return every visitor id that was stored, as far as it is kept: its last bytes."""
    return frozenset(bytes(each) for each in await _column(running, "SELECT DISTINCT int8send(visitor) FROM hits"))


async def _column(running: Up, query: str, projection: str = "web") -> list[Any]:
    connection = await connect_to_tables(running.runtime["database_url"], projection)
    try:
        return [row[0] for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def read_logically(running: Up) -> dict[str, bytes]:
    """Return all messages and all rows, and have Postgres write what it still holds in memory."""
    url = running.runtime["database_url"]
    async with connected(running) as client:
        logical = {"messages": await messages(client), "rows": await rows(url)}
    connection = await asyncpg.connect(url)
    await connection.execute("CHECKPOINT")
    await connection.close()
    return logical


def read_physically(running: Up, temporary: Path) -> dict[str, bytes]:
    """Return every byte on the disk, by whose it is."""
    data = running.data
    folders = {"NATS's store": data / "nats", "Postgres's files": postgres_files(data), "logs": data / "logs"}
    physical = {place: files_below(folder) for place, folder in folders.items()}
    others = [
        file for file in data.rglob("*") if file.is_file() and not any(file.is_relative_to(known) for known in folders.values())
    ]
    return physical | {
        "the data directory": joined(file.read_bytes() for file in others),
        "standard output": running.output.read_bytes(),
        "temporary files": files_below(temporary),
    }
