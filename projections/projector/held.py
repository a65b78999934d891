"""Held: what is set aside in the generations that are read, found by whoever looks after it, and tried again."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.codec import Codec
from projections.database import PROJECTING, open_engine
from projections.generations import Generation, current_generation
from projections.projections import PROJECTIONS
from projections.projector.bringing_back import Returned, bring_back
from projections.projector.positions import POSITIONS
from projections.projector.projection import Projection
from projections.projector.quarantine import QUARANTINE, pointers_where
from projections.stream import Stream
from projections.stream.item import Quarantined, Reason

# A site that is folded again takes as long as it takes.
_SESSION = {**PROJECTING, "statement_timeout": "2h"}


class Wanted(Struct, frozen=True, kw_only=True):
    """Which facts are meant: the ``places`` (stream, sequence) that are named, or all that fit; "" fits everything."""

    places: frozenset[tuple[str, int]] = frozenset()
    tenant: str = ""
    site: str = ""
    reason: str = ""
    contract: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a row of quarantine has to fulfil, its place aside."""
        column = QUARANTINE.c
        pairs = ((column.tenant, self.tenant), (column.site, self.site), (column.reason, self.reason))
        return [each == value for each, value in (*pairs, (column.contract, self.contract)) if value]


class Held(Struct, frozen=True, kw_only=True):
    """A fact that is set aside: in which stream, read by which partition of which projection."""

    projection: str
    stream: str
    partition: int
    partitions: int
    pointer: Quarantined

    @property
    def place(self) -> tuple[str, int]:
        """Return where it stands."""
        return self.stream, self.pointer.seq


async def held(database_url: str, wanted: Wanted, projections: Sequence[Projection] = PROJECTIONS) -> list[Held]:
    """Return what is set aside and *wanted*, stream by stream, in the order of each."""
    found: list[Held] = []
    for projection in projections:
        generation = await _generation(database_url, projection)
        if generation is not None:
            found += await _held_in(database_url, projection, generation, wanted)
    return found


async def retry(
    nats_url: str, database_url: str, chosen: Sequence[Held], projections: Sequence[Projection] = PROJECTIONS
) -> Returned:
    """Try everything *chosen* again, each stream's in its order, and return what came of it."""
    done = Returned()
    for projection in projections:
        theirs = [one for one in chosen if one.projection == projection.name and one.pointer.reason is not Reason.LEFT_OUT]
        generation = await _generation(database_url, projection) if theirs else None
        if generation is None:
            continue
        engine = open_engine(database_url, _SESSION, schema=generation.schema)
        try:
            for partition in sorted({one.partition for one in theirs}):
                done += await _retry_in(nats_url, engine, projection, [one for one in theirs if one.partition == partition])
        finally:
            await engine.dispose()
    return done


async def _retry_in(nats_url: str, engine: AsyncEngine, projection: Projection, theirs: Sequence[Held]) -> Returned:
    partition = theirs[0].partition
    of = projection.streams(theirs[0].partitions)[partition]
    async with Stream(nats_url, of, Codec(projection.facts)) as stream:
        await stream.connect()
        return await bring_back(engine, projection.models, stream, partition, [one.pointer.seq for one in theirs])


async def _held_in(database_url: str, projection: Projection, generation: Generation, wanted: Wanted) -> list[Held]:
    engine = open_engine(database_url, schema=generation.schema, pool_size=1)
    found: list[Held] = []
    try:
        async with engine.connect() as connection:
            for row in (await connection.execute(select(POSITIONS.c.partition, POSITIONS.c.partitions))).all():
                mine = QUARANTINE.c.partition == row.partition
                name = projection.streams(row.partitions)[row.partition].name
                found += [
                    Held(
                        projection=projection.name,
                        stream=name,
                        partition=row.partition,
                        partitions=row.partitions,
                        pointer=pointer,
                    )
                    for pointer in await pointers_where(connection, mine, *wanted.conditions())
                ]
    finally:
        await engine.dispose()
    return [one for one in found if not wanted.places or one.place in wanted.places]


async def _generation(database_url: str, projection: Projection) -> Generation | None:
    engine = open_engine(database_url, pool_size=1)
    try:
        async with engine.connect() as connection:
            return await current_generation(connection, projection.name)
    finally:
        await engine.dispose()
