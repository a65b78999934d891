"""What the projector's tests act on: a real stream to write to and real tables to look at."""

import asyncio
import hashlib
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Self

import asyncpg
import msgspec
import nats
from nats.aio.client import Client

from contracts.codec import CODEC, type_of
from contracts.events import Fact
from contracts.streams import message_id, stream_settings, subject_of
from projections.projector.worker import Projector
from tests.facts import STREAM, WEB

PATIENCE = 30.0
# As the projector's answer-giving tables: everything that a rebuild has to bring back.
ORDERED = {
    "hits": "tenant, site, occurred_at, event_id",
    "visits": "tenant, site, day, visitor, bot, opened_at",
    "seen_events": "event_id, tenant, site",
    "quarantine": "seq",
    "positions": "partition",
}


class Facts:
    """The stream, with a pen."""

    def __init__(self, nats_url: str) -> None:
        self.nats_url = nats_url
        self.client = Client()

    async def __aenter__(self) -> Self:
        self.client = await nats.connect(self.nats_url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
        await self.create_stream()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    async def create_stream(self, **settings: Any) -> None:
        wanted = stream_settings(WEB, max_bytes=256 * 1024 * 1024, replicas=1) | {"duplicate_window": 100_000_000} | settings
        answer = await self.client.request(f"$JS.API.STREAM.CREATE.{STREAM}", msgspec.json.encode(wanted), timeout=5)
        assert b'"error"' not in answer.data, answer.data

    async def delete_stream(self) -> None:
        await self.client.jetstream().delete_stream(STREAM)

    async def publish(self, *facts: Fact) -> None:
        """Store *facts* in this order."""
        for fact in facts:
            await self.store(CODEC.encode(fact), subject_of("web", fact.tenant, fact.site, type_of(fact)), _id_of(fact))

    async def store(self, body: bytes, subject: str, id_: str) -> int:
        ack = await self.client.jetstream().publish(subject, body, headers={"Nats-Msg-Id": id_}, timeout=5)
        return ack.seq

    async def repeat(self, fact: Fact) -> None:
        """Store *fact* again as if NATS had forgotten that it has it."""
        await self.store(
            CODEC.encode(fact), subject_of("web", fact.tenant, fact.site, type_of(fact)), f"later-{time.monotonic_ns()}"
        )

    async def erase(self, seq: int) -> None:
        await self.client.jetstream().delete_msg(STREAM, seq)


class Tables:
    """The tables, as anybody with psql would see them."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.connection.fetch(query, *values)]

    async def value(self, query: str, *values: Any) -> Any:
        return await self.connection.fetchval(query, *values)

    async def count(self, table: str) -> int:
        return int(await self.value(f"SELECT count(*) FROM {table}"))

    async def dealt_with(self) -> int:
        """Return how many facts have ended in one of the three ways."""
        return int(await self.value("SELECT coalesce(sum(applied + duplicates + quarantined), 0) FROM positions"))

    async def digest(self) -> str:
        """Return a hash of every byte of every table."""
        digest = hashlib.sha256()
        for table, order in ORDERED.items():
            copy = io.BytesIO()
            await self.connection.copy_from_query(f"SELECT * FROM {table} ORDER BY {order}", output=copy)
            digest.update(copy.getvalue())
        return digest.hexdigest()


async def accounts_agree(tables: Tables) -> bool:
    """Tell whether the rows that are there are those that were counted when the position moved."""
    return bool(await tables.value("SELECT sum(applied) = (SELECT count(*) FROM hits) FROM positions"))


async def until(condition: Callable[[], Awaitable[bool]], *, watching: asyncio.Task[None] | None = None) -> None:
    """Wait for *condition*, or fail; fail at once when the task *watching* is over."""
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        if watching is not None and watching.done():
            watching.result()
        assert time.monotonic() < deadline, "it did not come to pass in time"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def projecting(nats_url: str, database_url: str, **options: Any) -> AsyncIterator[asyncio.Task[None]]:
    """Run a projector for the length of the block."""
    stop = asyncio.Event()
    async with Projector(nats_url=nats_url, database_url=database_url, **options) as projector:
        running = asyncio.create_task(projector.run(stop))
        try:
            yield running
        finally:
            stop.set()
            await asyncio.wait({running})
            if not running.cancelled():
                running.exception()


async def project_all(facts: Facts, tables: Tables, database_url: str, **options: Any) -> None:
    """Run a projector until it has dealt with everything in the stream."""
    messages = (await facts.client.jetstream().stream_info(STREAM)).state.messages

    async def done() -> bool:
        return await tables.dealt_with() >= messages

    async with projecting(facts.nats_url, database_url, **options) as running:
        await until(done, watching=running)


def _id_of(fact: Fact) -> str:
    return message_id(fact.tenant, fact.site, fact.id)


def chunks(items: Iterable[Any], sizes: Iterable[int]) -> list[list[Any]]:
    """Cut *items* into pieces of *sizes*, the last size for whatever is left."""
    rest, pieces = list(items), []
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    return [piece for piece in [*pieces, rest] if piece]
