"""Families: the web's facts alone, beside as many of which half belong to four other families, mixed."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.stream.connection import connect, disconnect
from collector.stream.publisher import Publisher
from collector.stream.streams import Streams
from contracts.events import Fact
from contracts.streams import FAMILIES, Family, streams_of
from projections.migrations import migrate
from projections.projections import PROJECTIONS
from projections.projector.projection import Projection
from projections.projector.projectors import Projectors
from projections.read_models.model import ReadModel
from projections.stream.item import Sequenced
from tests.bench.facts import AT_ONCE, DAY, SITE, facts
from tests.bench.figure import Figure, figure, interleaved
from tests.bench.projector import POLL_SECONDS, Pass, timed
from tests.bench.stage import Stage
from tests.bench.world import World, fresh_database, no_streams, run
from tests.projections.toy import POLLS, TOY
from tests.projections.world import utc_now

EVENTS = 60_000
OTHERS = 4


class Toy(Struct, frozen=True):
    """A family of one fact, and what is made of it."""

    fact: type[Fact]
    family: Family
    projection: Projection


def toy(number: int) -> Toy:
    """Return a family that no other is like, but for what it says."""

    class VoteCast(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag=f"vote_cast_{number}.v1"):
        """Somebody votes."""

        family = f"toy{number}"
        poll: str

    family = Family(name=f"toy{number}")
    model = ReadModel(name="polls", tables=(POLLS,), facts=(VoteCast,), version=1, upsert=count_votes)
    projection = Projection(name=family.name, family=family, facts=(VoteCast,), models=(model,), migrations=TOY.migrations)
    return Toy(VoteCast, family, projection)


async def count_votes(connection: AsyncConnection, votes: Sequence[Sequenced[Any]]) -> None:
    """Add *votes* to their polls."""
    counted = Counter(vote.event.poll for vote in votes)
    new = insert(POLLS).values([{"poll": poll, "votes": number} for poll, number in sorted(counted.items())])
    added = {"votes": POLLS.c.votes + new.excluded.votes}
    await connection.execute(new.on_conflict_do_update(index_elements=["poll"], set_=added))


TOYS = tuple(map(toy, range(OTHERS)))


def alone(count: int) -> Iterator[Fact]:
    """Yield *count* facts of the web."""
    return facts(count, count // 3)


def mixed(count: int) -> Iterator[Fact]:
    """Yield as many, every second of which belongs to one of the others in turn."""
    for number, fact in enumerate(facts(count, count // 3)):
        if number % 2 == 0:
            yield fact
            continue
        id_ = str(UUID(int=(number << 64) | 0x7000_8000))
        at = DAY + timedelta(milliseconds=number)
        voted = {"id": id_, "tenant": "main", "site": SITE, "occurred_at": at, "received_at": at, "poll": f"poll {number % 50}"}
        yield TOYS[number // 2 % OTHERS].fact(**voted)


def measure(world: World) -> Sequence[Figure]:
    """Publish and project both in turn."""
    count = world.of(EVENTS)
    contestants = {"alone": partial(both_ways, world, alone, count), "mixed": partial(both_ways, world, mixed, count)}
    samples = interleaved(world.rounds, contestants)
    published = {name: [each[0].rate for each in passes] for name, passes in samples.items()}
    projected = {name: [each[1].rate for each in passes] for name, passes in samples.items()}
    costs = {name: [each[1].cpu_seconds / each[1].facts * 1e6 for each in passes] for name, passes in samples.items()}
    return [
        figure("published, five families mixed", published["mixed"], "facts/s", beside=("the web alone", published["alone"])),
        figure("projected, five families mixed", projected["mixed"], "facts/s", beside=("the web alone", projected["alone"])),
        figure("projected, CPU", costs["mixed"], "µs/fact", beside=("the web alone", costs["alone"])),
    ]


def both_ways(world: World, source: Any, count: int) -> tuple[Pass, Pass]:
    """Publish what *source* yields into empty streams, and project all of it into empty tables."""
    made = list(source(count))
    published = run(publish(world.nats.url, made))
    return published, run(project(world, count))


async def publish(nats_url: str, made: Sequence[Fact]) -> Pass:
    """Publish *made* through the product's own publisher, several thousand at once."""
    await no_streams(nats_url)
    families = (*FAMILIES, *(each.family for each in TOYS))
    client = await connect(nats_url, on_loss=lambda: None)
    streams = Streams(client, max_bytes=8 << 30, replicas=1, families=families)
    for stream in streams_of(families):
        await streams.make(stream)
    async with Publisher(client, streams) as publisher:
        began, began_cpu = time.perf_counter(), time.process_time()
        everything = iter(made)
        while some := list(itertools.islice(everything, AT_ONCE)):
            await asyncio.gather(*(publisher.submit(fact) for fact in some))
        taken = Pass(len(made), time.perf_counter() - began, time.process_time() - began_cpu)
    await disconnect(client)
    return taken


async def project(world: World, count: int) -> Pass:
    """Run the projections of all five until everything is counted."""
    projections = (*PROJECTIONS, *(each.projection for each in TOYS))
    async with fresh_database(world.postgres) as database_url:
        await migrate(database_url, projections)
        return await timed(count, partial(project_all, world.nats.url, database_url, projections, count))


async def project_all(nats_url: str, database_url: str, projections: Sequence[Projection], count: int) -> None:
    """Return once every one of *projections* together has dealt with *count* facts."""
    total = " + ".join(f"(SELECT coalesce(sum(applied), 0) FROM {each.name}_g1.positions)" for each in projections)
    stop = asyncio.Event()
    watching = await asyncpg.connect(database_url)
    async with Projectors(nats_url=nats_url, database_url=database_url, projections=projections) as projectors:
        running = asyncio.create_task(projectors.run(stop, clock=utc_now))
        while await watching.fetchval(f"SELECT {total}") < count:
            await asyncio.sleep(POLL_SECONDS)
        stop.set()
        await running
    await watching.close()


STAGE = Stage(
    name="families",
    says=f"{EVENTS:,} facts, half of them of {OTHERS} families of the bench's own, beside as many of the web alone.",
    measure=measure,
)
