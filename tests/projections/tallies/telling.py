"""A stream of tallies with a pen, and a keeper that reads it when it is told to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import nats
from nats.aio.client import Client

from contracts.tallies import TALLY_CODEC, TALLY_STREAM, Ending, TallyHead, TallyLine, TallyPart, hour_of, tally_settings
from projections.database import open_engine
from projections.tallies.keeper import Keeper
from projections.tallies.tables import Reading, keep, write_reading

NOW = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
RUN, OTHER_RUN = "0123456789abcdef", "fedcba9876543210"


class Tallies:
    """The stream, and whoever tells something in it."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def make(self) -> None:
        await self._ask("CREATE", tally_settings(replicas=1))

    async def take_away(self) -> None:
        await self._ask("DELETE", {})

    async def purge(self) -> None:
        await self._ask("PURGE", {})

    async def tell(self, *documents: TallyPart | TallyHead) -> None:
        for document in documents:
            await self.write(document.subject, TALLY_CODEC.encode(document))

    async def write(self, subject: str, body: bytes) -> None:
        await self.client.jetstream().publish(subject, body, timeout=5)

    async def _ask(self, method: str, body: dict[str, Any]) -> None:
        answer = await self.client.request(
            f"$JS.API.STREAM.{method}.{TALLY_STREAM.name}", msgspec.json.encode(body) if body else b"", timeout=5
        )
        assert b'"error"' not in answer.data, answer.data


@asynccontextmanager
async def tallies_on(nats_url: str) -> AsyncIterator[Tallies]:
    """Make the stream, and lend a pen to it."""
    client = await nats.connect(nats_url)
    made = Tallies(client)
    await made.make()
    yield made
    await client.close()


@asynccontextmanager
async def keeping(nats_url: str, database_url: str) -> AsyncIterator[Keeper]:
    """Lend a keeper that looks when it is told to."""
    async with Keeper(nats_url=nats_url, database_url=database_url) as keeper:
        yield keeper


async def kept(database_url: str, *documents: TallyPart | TallyHead, looked_at: datetime = NOW) -> None:
    """Keep *documents*, as of a look at the stream."""
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        await keep(connection, documents)
        await write_reading(connection, Reading(stream_created=NOW, seq=1, looked_at=looked_at))
    await engine.dispose()


def head(*, at: datetime = NOW, run: str = RUN, ended: bool = False) -> TallyHead:
    return TallyHead(run=run, version="0.1.0", started_at=NOW - timedelta(hours=5), told_at=at, ended=ended)


def part(*lines: TallyLine, at: datetime = NOW, number: int = 0, run: str = RUN) -> TallyPart:
    return TallyPart(run=run, hour=hour_of(at), part=number, lines=lines)


def line(hits: int, ending: Ending = Ending.STORED, reason: str = "", *, site: str = "example.org", **more: Any) -> TallyLine:
    return TallyLine(**{"tenant": "main", "dialect": "native"} | more, site=site, ending=ending, reason=reason, hits=hits)
