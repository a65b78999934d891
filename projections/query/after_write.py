"""After a write: an answer waits, for a while, until it has in it whatever was stored before the question came."""

import asyncio
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.jetstream import JetStreamError
from contracts.streams import stream_for
from projections.projector.positions import Position, positions_in
from projections.projector.projection import Projection
from projections.query.caller import Caller
from projections.query.database import reading, schema_of
from projections.stream.connection import StreamUnavailable
from projections.stream.newest import Newest

# An answer that may lack what was stored just before says so, and why.
HEADER: Final = "X-Collector-Behind"
_LOOK_SECONDS: Final = 0.02
_MOST_WAITING: Final = 64


class Behind(StrEnum):
    """Why an answer may lack what was stored before the question came: nobody could say, or it took too long."""

    UNKNOWN = "unknown"
    LATE = "late"


class AfterWrite:
    """Waits for the projector of a site's facts, as long as *newest* may take; without that nobody can say how far it is."""

    def __init__(self, engine: AsyncEngine, newest: Newest | None) -> None:
        self._engine = engine
        self._newest = newest
        self._waiting = 0
        self._looks: dict[str, _Look] = {}

    async def wait(self, caller: Caller, site: str, projection: Projection) -> Behind | None:
        """Return once *projection* has passed the last fact of the site's stream as it is now, or why that is not known."""
        if self._newest is None or self._newest.seconds <= 0 or self._waiting >= _MOST_WAITING:
            return Behind.UNKNOWN
        self._waiting += 1
        try:
            return await self._wait(self._newest, caller, site, projection)
        except (StreamUnavailable, JetStreamError):
            return Behind.UNKNOWN
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Leave NATS."""
        if self._newest is not None:
            await self._newest.close()

    async def _wait(self, newest: Newest, caller: Caller, site: str, projection: Projection) -> Behind | None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + newest.seconds
        look = self._looks.setdefault(projection.name, _Look(self._engine, projection))
        # How many partitions there are is the projector's business, and stands beside where it is.
        partitions = next((position.partitions for position in (await look.now(caller)).values()), 1)
        stream = stream_for(projection.family.name, caller.tenant, site, partitions=partitions)
        wanted = await newest.seq(stream)
        while _reached(await look.now(caller), stream.partition) < wanted:
            if loop.time() >= deadline:
                return Behind.LATE
            await asyncio.sleep(_LOOK_SECONDS)
        return None


class _Look:
    """How far a projection has come; however many wait, one looks."""

    def __init__(self, engine: AsyncEngine, projection: Projection) -> None:
        self._engine = engine
        self._projection = projection
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._found: dict[int, Position] = {}

    async def now(self, caller: Caller) -> dict[int, Position]:
        """Return where each partition is, as it was some milliseconds ago at the most."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            if loop.time() - self._looked_at >= _LOOK_SECONDS:
                async with reading(self._engine, caller) as connection:
                    self._found = await positions_in(connection, schema_of(connection, self._projection))
                self._looked_at = loop.time()
            return self._found


def _reached(found: dict[int, Position], partition: int) -> int:
    position = found.get(partition)
    return 0 if position is None else position.seq
