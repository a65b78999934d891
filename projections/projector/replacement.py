"""Replacement: one projection made anew beside what is read, compared with it, and read instead once it has caught up."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.control.keeper import ControlKeeper
from projections.database import PROJECTING, open_engine
from projections.differences.difference import Sides
from projections.generations import Generation, State, current_generation
from projections.migrations import begin_generation
from projections.projector.claim import claimed
from projections.projector.farewell import farewell, give_up
from projections.projector.freshening import is_staler
from projections.projector.gone import Gone, reckon_in
from projections.projector.handover import HandOver
from projections.projector.lease import Leads, lease, leased, take_lease
from projections.projector.level import Level
from projections.projector.loss import HistoryWouldBeLost
from projections.projector.outlook import Outlook, look, refuse_other_streams
from projections.projector.patience import Answer, patiently
from projections.projector.positions import Position, positions_in
from projections.projector.projection import Projection
from projections.projector.shares import Shares, is_worthwhile
from projections.projector.watched import while_projecting
from projections.projector.worker import Projector
from projections.stream import Identity, NoStream, Stream

POLL_SECONDS = 0.2
# Comparing reads everything twice.
_SESSION = {**PROJECTING, "statement_timeout": "2h"}
# For how long what is computed beside the projector is waited for; it is computed after the exchange else, as ever.
READY_SECONDS = 600.0


class Purpose(Enum):
    """What a generation is made for: to be read from then on, or only to be compared with what is read."""

    REPLACE = "replace"
    COMPARE = "compare"


# Looks at what is read and at what was made, both at the same event of each stream.
Compare: TypeAlias = Callable[[AsyncConnection, Projection, Sides], Awaitable[None]]


class Progress(Struct, frozen=True, kw_only=True):
    """How many of the streams' facts have been dealt with, and what is waited for, "" where nothing is.

    ``erased`` were counted before, and are in the streams no more.
    """

    done: int
    total: int
    erased: int = 0
    waits: str = ""


class Replacement:
    """One projection's rebuild: what is read now, what is made, and how far that has to come."""

    def __init__(
        self,
        projection: Projection,
        nats_url: str,
        database_url: str,
        partitions: int,
        clock: Callable[[], datetime],
        *,
        purpose: Purpose,
        compare: Compare | None,
        report: Callable[[Progress], None],
    ) -> None:
        self._purpose, self._compare = purpose, compare
        self._projection, self._partitions, self._clock = projection, partitions, clock
        self._nats_url, self._database_url = nats_url, database_url
        self._streams = [Stream(nats_url, stream) for stream in projection.streams(partitions)]
        self._engine = open_engine(database_url)
        self._comparing = open_engine(database_url, _SESSION, pool_size=1)
        self._kept: frozenset[int] = frozenset()
        self._is_first = False
        self._may_set_aside = False
        self._is_compared = False
        self._waits_since = 0.0
        self._report = report
        self._progress = Progress(done=0, total=0)

    async def open(self, resources: AsyncExitStack) -> None:
        """Reach the streams, and be the only one to rebuild the projection, until *resources* end."""
        resources.push_async_callback(self._engine.dispose)
        resources.push_async_callback(self._comparing.dispose)
        for stream in self._streams:
            await resources.enter_async_context(stream)
            await self._ask(stream, stream.connect)
        await resources.enter_async_context(claimed(self._engine, self._projection.name))

    async def look(self) -> Outlook:
        """Return what is read now, what the streams hold, and what a rebuild would lose."""
        return await patiently(self._look, self._wait_for)

    async def _look(self) -> Outlook:
        for stream in self._streams:
            await stream.connect()
        live = await self._live()
        async with self._engine.connect() as connection:
            # Positions and tables of one moment: a projector may be writing both.
            await connection.execution_options(isolation_level="REPEATABLE READ")
            return await look(connection, self._projection, live, self._streams, partial(self._reckon, live))

    async def _reckon(self, live: Generation, stream: str, position: Position, goal: Identity) -> Gone:
        """Return what is gone of *stream*, by all that was decided until now."""
        async with ControlKeeper(nats_url=self._nats_url, database_url=self._database_url) as decisions:
            await decisions.catch_up()
        return await reckon_in(self._engine, live.schema)(stream, position, goal)

    async def run(self, *, partition: int | None, accept_loss: bool) -> Progress:
        """Make the generation, have it projected, and hand the readers over to it."""
        now = await self.look()  # again: the projections before may have taken hours
        if now.losses and not accept_loss and self._purpose is Purpose.REPLACE:
            raise HistoryWouldBeLost(now.losses)
        # Of a stream that is another one now, nobody can come to where the old one was.
        self._kept = frozenset(now.before.keys() - now.others)
        self._is_first = now.is_empty
        self._may_set_aside = accept_loss
        numbers = [partition] if partition is not None else list(range(self._partitions))
        if now.is_empty and self._purpose is Purpose.REPLACE:
            progress = await self._project(now.live, now, numbers, lease)
        else:
            progress = await self._replace(now, numbers)
        return replace(progress, erased=now.erased)

    async def _replace(self, now: Outlook, numbers: Sequence[int]) -> Progress:
        async with AsyncExitStack() as resources:
            # The leases are taken before anybody else can know of it, and given back before it is taken away.
            leases = await resources.enter_async_context(self._engine.connect())
            await leases.execution_options(isolation_level="AUTOCOMMIT")
            made = await self._begin(holding=leases, numbers=numbers)
            resources.push_async_callback(give_up, self._engine, made)
            resources.push_async_callback(leases.invalidate)
            for number in numbers:
                await self._make_in_shares(made, number, now.goals)
            progress = await self._project(made, now, numbers, leased)
        await farewell(self._engine, self._projection.name)
        return progress

    async def _make_in_shares(self, made: Generation, number: int, goals: Sequence[Identity | None]) -> None:
        """Have every core at work on what the stream holds by now, where there is enough of it."""
        goal, total = goals[number], sum(goal.messages for goal in goals if goal is not None)
        if goal is None or not is_worthwhile(self._projection, goal):
            return
        shares = Shares(
            self._projection,
            made,
            self._engine,
            nats_url=self._nats_url,
            database_url=self._database_url,
            partition=number,
            partitions=self._partitions,
        )

        def report(more: int) -> None:
            self._tell(Progress(done=min(self._progress.done + more, total), total=total))

        await shares.make(goal, report, self._wait_for)

    async def _project(self, made: Generation, now: Outlook, numbers: Sequence[int], leads: Leads) -> Progress:
        async with AsyncExitStack() as resources:
            projectors = {
                number: await resources.enter_async_context(self._projector(made, number, leads)) for number in numbers
            }
            watching = self._watch(made, now.live, now.goals, projectors)
            return await while_projecting(watching, list(projectors.values()), clock=self._clock)

    async def _live(self) -> Generation:
        async with self._engine.connect() as connection:
            live = await current_generation(connection, self._projection.name)
        return live or await self._begin(State.CURRENT)

    async def _begin(
        self, state: State = State.BUILDING, *, holding: AsyncConnection | None = None, numbers: Sequence[int] = ()
    ) -> Generation:
        async with self._engine.begin() as connection:
            made = await begin_generation(connection, self._projection, state)
            if holding is not None:
                for number in numbers:
                    await take_lease(holding, made, number)
        return made

    def _projector(self, generation: Generation, partition: int, leads: Leads) -> Projector:
        return Projector(
            self._projection,
            generation,
            nats_url=self._nats_url,
            database_url=self._database_url,
            partition=partition,
            partitions=self._partitions,
            leads=leads,
        )

    async def _positions(self, generation: Generation) -> dict[int, Position]:
        async with self._engine.connect() as connection:
            return await positions_in(connection, generation.schema)

    async def _ask(self, stream: Stream, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        async def connected() -> Answer:
            await stream.connect()
            return await ask()

        return await patiently(connected, self._wait_for)

    def _wait_for(self, what: str) -> None:
        self._tell(replace(self._progress, waits=what))

    def _tell(self, progress: Progress) -> None:
        self._progress = progress
        self._report(progress)

    async def _watch(
        self,
        made: Generation,
        live: Generation,
        goals: Sequence[Identity | None],
        projectors: Mapping[int, Projector],
    ) -> Progress:
        total = sum(goal.messages for goal in goals if goal is not None)
        while True:
            positions = await self._positions(made)
            refuse_other_streams(goals, positions)
            done = sum(position.dealt_with for position in positions.values())
            self._tell(Progress(done=min(done, total), total=total))
            arrived = [await self._has_reached(goal, positions.get(number), number) for number, goal in enumerate(goals)]
            if all(arrived) and await self._is_finished(made, live, projectors):
                return Progress(done=done, total=total)
            await asyncio.sleep(POLL_SECONDS)

    async def _is_finished(self, made: Generation, live: Generation, projectors: Mapping[int, Projector]) -> bool:
        if made == live:
            return True
        if self._purpose is Purpose.REPLACE and not await self._is_ready(made, live):
            return False
        await self._look_at_both(made, live, projectors)
        if self._purpose is Purpose.COMPARE:
            return True
        over = HandOver(self._engine, self._streams, live, made, kept=self._kept, may_set_aside=self._may_set_aside)
        return await over.attempt()

    async def _look_at_both(self, made: Generation, live: Generation, projectors: Mapping[int, Projector]) -> None:
        """Show both to whoever compares, once."""
        if self._is_compared or self._compare is None:
            return
        ours = {number: projectors[number] for number in projectors.keys() & self._kept}
        level = Level(self._engine, live, made, ours, self._streams, is_empty=self._is_first)
        reading = [self._projector(live, number, lease) for number in self._kept]
        async with level.snapshot(self._comparing, reading, clock=self._clock) as (connection, is_level):
            # Of a partition that is worked on elsewhere nobody here knows how far it is.
            at_one = is_level and self._kept <= projectors.keys()
            await self._compare(connection, self._projection, Sides(read=live.schema, made=made.schema, is_level=at_one))
        self._is_compared = True

    async def _is_ready(self, made: Generation, live: Generation) -> bool:
        """Tell whether what is computed beside the projector is there as far as it is in *live*, or was waited for long enough.

        A day that facts keep coming to is fresh in neither, and nobody waits for that.
        """
        self._waits_since = self._waits_since or asyncio.get_running_loop().time()
        if not self._projection.rolls_up or asyncio.get_running_loop().time() - self._waits_since > READY_SECONDS:
            return True
        self._wait_for("the days that are over are added up")
        async with self._engine.connect() as connection:
            today = self._clock().astimezone(UTC).date()
            return not await is_staler(connection, made.schema, live.schema, today)

    async def _has_reached(self, goal: Identity | None, position: Position | None, partition: int) -> bool:
        if goal is None:
            return True
        stream = self._streams[partition]
        if position is None:
            with contextlib.suppress(NoStream):  # made again meanwhile, it is refused by what it has become
                await self._ask(stream, stream.identity)  # NATS's absence is why nobody has begun, it may be
            return False
        # What was last in the stream may have been erased; that nothing waits is as good as having read it.
        if position.seq >= goal.last_seq:
            return True
        return (await self._ask(stream, partial(stream.backlog_after, position.seq))).messages == 0
