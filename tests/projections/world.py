"""What the projector's tests act on: a real stream to write to and real tables to look at."""

import asyncio
import hashlib
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Self

import asyncpg
import msgspec
import nats
from nats.aio.client import Client
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.codec import CODEC, Codec, type_of
from contracts.events import Fact
from contracts.streams import EventStream, message_id, stream_settings, subject_of
from projections.database import open_engine
from projections.generations import Generation, current_generation
from projections.projections import WEB
from projections.projector.batch import apply
from projections.projector.months import Months
from projections.projector.positions import Position, read_positions, start_position
from projections.projector.projection import Projection
from projections.projector.projectors import Projectors
from projections.read_models import dictionaries
from projections.read_models.rollups import marking as rollups
from projections.schema import BOOKS, NUMBERS
from projections.stream.item import Sequenced
from tests import facts as stored

PATIENCE = 30.0
# error creating store for stream
_STORE_IS_BUSY = b'"err_code":10049'
MODELS = WEB.models
# What the first loop of a test's database is known by in the metrics.
LABELS = {"projection": "web", "generation": "1", "partition": "0"}
CHECK = "projection web/1/0"


def utc_now() -> datetime:
    return datetime.now(UTC)


class Facts:
    """A stream, with a pen."""

    def __init__(self, nats_url: str, stream: EventStream = stored.WEB, codec: Codec = CODEC) -> None:
        self.nats_url = nats_url
        self.stream = stream
        self.codec = codec
        self.client = Client()

    async def __aenter__(self) -> Self:
        self.client = await nats.connect(self.nats_url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
        await self.create_stream()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    async def create_stream(self, **settings: Any) -> None:
        room = stream_settings(self.stream, max_bytes=256 * 1024 * 1024, replicas=1)
        wanted = room | {"duplicate_window": 100_000_000} | settings
        asked = f"$JS.API.STREAM.CREATE.{self.stream.name}", msgspec.json.encode(wanted)
        deadline = time.monotonic() + PATIENCE
        # The server may still be removing the files of one of this name that was deleted a moment ago.
        while _STORE_IS_BUSY in (answer := await self.client.request(*asked, timeout=5)).data:
            assert time.monotonic() < deadline, answer.data
            await asyncio.sleep(0.05)
        assert b'"error"' not in answer.data, answer.data

    async def delete_stream(self) -> None:
        await self.client.jetstream().delete_stream(self.stream.name)

    async def publish(self, *facts: Fact) -> None:
        """Store *facts* in this order."""
        for fact in facts:
            await self.store(self.codec.encode(fact), self.subject_for(fact), _id_of(fact))

    def subject_for(self, fact: Fact) -> str:
        return subject_of(self.stream.family, fact.tenant, fact.site, type_of(fact))

    async def store(self, body: bytes, subject: str, id_: str) -> int:
        ack = await self.client.jetstream().publish(subject, body, headers={"Nats-Msg-Id": id_}, timeout=5)
        return ack.seq

    async def repeat(self, fact: Fact) -> None:
        """Store *fact* again as if NATS had forgotten that it has it."""
        await self.store(self.codec.encode(fact), self.subject_for(fact), f"later-{time.monotonic_ns()}")

    async def messages(self) -> int:
        """Return how many messages the stream holds."""
        return int((await self.client.jetstream().stream_info(self.stream.name)).state.messages)

    async def erase(self, seq: int) -> None:
        await self.client.jetstream().delete_msg(self.stream.name, seq)


async def current(connection: asyncpg.Connection, projection: str = "web") -> str:
    """Return the schema that answers are read from."""
    query = "SELECT schema_name FROM public.generations WHERE projection = $1 AND state = 'current'"
    return str(await connection.fetchval(query, projection))


async def connect_to_tables(database_url: str, projection: str = "web") -> asyncpg.Connection:
    """Return a session for which unqualified names mean the tables that are read now."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"SET search_path = {await current(connection, projection)}, public")
    return connection


class Tables:
    """The tables that are read, as anybody with psql would see them."""

    def __init__(self, connection: asyncpg.Connection, projection: Projection = WEB) -> None:
        self.connection = connection
        self.projection = projection

    async def turn_to_current(self) -> str:
        """Look at the generation that is read now, and return its schema."""
        schema = await current(self.connection, self.projection.name)
        await self.connection.execute(f"SET search_path = {schema}, public")
        return schema

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
        """Return a hash of every byte of every table; of what is kept in numbers, of the words that they stand for."""
        digest = hashlib.sha256()
        for table in (*self._readable(), *BOOKS.sorted_tables):
            order = ", ".join(table.primary_key.columns.keys())
            said = ", ".join(name for name in [*table.columns.keys()] if name not in NUMBERS)
            copy = io.BytesIO()
            await self.connection.copy_from_query(f"SELECT {said} FROM {table.name} ORDER BY {order}", output=copy)
            digest.update(copy.getvalue())
        return digest.hexdigest()

    def _readable(self) -> list[Table]:
        # Rollups follow when they are due; what they add up to has tests of its own.
        models = [model for model in self.projection.models if model not in {dictionaries.MODEL, rollups.MODEL}]
        return [table for model in models for table in (model.tables if model.view is None else (model.view,))]


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
    """Run the projection of the web, or those that *options* name, for the length of the block."""
    stop = asyncio.Event()
    only_web = {"projections": (WEB,)}
    async with Projectors(nats_url=nats_url, database_url=database_url, **(only_web | options)) as projectors:
        running = asyncio.create_task(projectors.run(stop, clock=utc_now))
        try:
            yield running
        finally:
            stop.set()
            await asyncio.wait({running})
            if not running.cancelled():
                running.exception()


async def project_all(facts: Facts, tables: Tables, database_url: str, **options: Any) -> None:
    """Run a projector until it has dealt with everything in the stream."""
    messages = await facts.messages()

    async def done() -> bool:
        return await tables.dealt_with() >= messages

    async with projecting(facts.nats_url, database_url, **options) as running:
        await until(done, watching=running)


async def read_generation(database_url: str, projection: str = "web") -> Generation:
    """Return the generation that answers are read from."""
    engine = open_engine(database_url)
    try:
        async with engine.connect() as connection:
            generation = await current_generation(connection, projection)
    finally:
        await engine.dispose()
    assert generation is not None, "the database has not been migrated"
    return generation


class Teller:
    """Folds facts into the tables that are read, as batches of the projector without a stream."""

    def __init__(self, database_url: str, projection: Projection = WEB) -> None:
        self._database_url = database_url
        self._projection = projection
        self._engine: AsyncEngine | None = None

    async def tell(self, *facts: Fact) -> None:
        if self._engine is None:
            generation = await read_generation(self._database_url, self._projection.name)
            self._engine = open_engine(self._database_url, schema=generation.schema)
        start = Position(partition=0, partitions=1, stream_created=datetime(2026, 1, 1, tzinfo=UTC))
        async with self._engine.begin() as connection:
            await start_position(connection, start)
            position = (await read_positions(connection))[0]
        batch = [
            Sequenced(seq=number, message_id=fact.id, event=fact) for number, fact in enumerate(facts, start=position.seq + 1)
        ]
        models = self._projection.models
        await Months(self._engine, models).prepare_for(batch)
        await apply(self._engine, models, position, batch)

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()


def _id_of(fact: Fact) -> str:
    return message_id(fact.tenant, fact.site, fact.id)


def chunks(items: Iterable[Any], sizes: Iterable[int]) -> list[list[Any]]:
    """Cut *items* into pieces of *sizes*, the last size for whatever is left."""
    rest, pieces = list(items), []
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    return [piece for piece in [*pieces, rest] if piece]
