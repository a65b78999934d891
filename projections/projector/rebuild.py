"""Backfill: a generation made anew from the streams, beside the one that is read, which it replaces once it has caught up."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from projections.control.keeper import ControlKeeper
from projections.database import POSTGRES_ERRORS, open_engine
from projections.generations import Generation, Removal, State, current_generation, make_current, retire
from projections.migrations import begin_generation
from projections.projections import PROJECTIONS
from projections.projector.claim import AnotherBackfill, claimed
from projections.projector.gone import Gone, reckon_in
from projections.projector.loss import HistoryWouldBeLost, listed, refuse_to_set_aside
from projections.projector.outlook import Outlook, look, refuse_other_streams
from projections.projector.patience import Answer, patiently
from projections.projector.positions import Position, hold_positions_in, positions_in
from projections.projector.projection import Projection
from projections.projector.worker import Projector
from projections.stream import Identity, NoStream, Stream

POLL_SECONDS = 0.2
# For how long the projector of the generation that is read may be held up while the new one comes level with it.
LEVEL_SECONDS = 5.0
# How long whoever still reads the old generation is waited for; after that a projector removes it.
FAREWELL_SECONDS = 30.0


class Progress(Struct, frozen=True, kw_only=True):
    """How many of the streams' facts have been dealt with, and what is waited for, "" where nothing is.

    ``erased`` were counted before, and are in the streams no more.
    """

    done: int
    total: int
    erased: int = 0
    waits: str = ""


async def backfill(
    *,
    nats_url: str,
    database_url: str,
    clock: Callable[[], datetime],
    projections: Sequence[Projection] = PROJECTIONS,
    partition: int | None = None,
    partitions: int = 1,
    accept_loss: bool = False,
    report: Callable[[Progress], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> Progress:
    """Rebuild *projections* from their streams as they are now, one after the other, telling *report* how far each is.

    What is read stays complete until its replacement is level with it. A projector that runs already sees the new generation
    and may do the work, which is then only watched. With *partition* only that one is worked on here, and the others' own
    projectors are waited for. When a loss is refused nothing has changed; *tell* hears of an accepted one before anything has.
    """
    async with AsyncExitStack() as resources:
        rebuilds = [_Rebuild(each, nats_url, database_url, partitions, clock, report=report) for each in projections]
        for rebuild in rebuilds:
            await rebuild.open(resources)
        # Every projection is looked at before the first is changed: a refusal in the middle would come too late.
        losses = [loss for rebuild in rebuilds for loss in (await rebuild.look()).losses]
        if losses and not accept_loss:
            raise HistoryWouldBeLost(losses)
        if losses:
            tell(f"Going on without: {listed(losses)}.")
        ends = [await rebuild.run(partition=partition, accept_loss=accept_loss) for rebuild in rebuilds]
    return Progress(
        done=sum(end.done for end in ends), total=sum(end.total for end in ends), erased=sum(end.erased for end in ends)
    )


class _Rebuild:
    """One projection's rebuild: what is read now, what is made, and how far that has to come."""

    def __init__(
        self,
        projection: Projection,
        nats_url: str,
        database_url: str,
        partitions: int,
        clock: Callable[[], datetime],
        *,
        report: Callable[[Progress], None],
    ) -> None:
        self._projection, self._partitions, self._clock = projection, partitions, clock
        self._nats_url, self._database_url = nats_url, database_url
        self._streams = [Stream(nats_url, stream) for stream in projection.streams(partitions)]
        self._engine = open_engine(database_url)
        self._kept: set[int] = set()
        self._may_set_aside = False
        self._report = report
        self._progress = Progress(done=0, total=0)

    async def open(self, resources: AsyncExitStack) -> None:
        """Reach the streams, and be the only one to rebuild the projection, until *resources* end."""
        resources.push_async_callback(self._engine.dispose)
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
        if now.losses and not accept_loss:
            raise HistoryWouldBeLost(now.losses)
        made = now.live if now.is_empty else await self._begin()
        # Of a stream that is another one now, nobody can come to where the old one was.
        self._kept = now.before.keys() - now.others
        self._may_set_aside = accept_loss
        async with AsyncExitStack() as resources:
            projectors = [
                await resources.enter_async_context(self._projector(made, number))
                for number in ([partition] if partition is not None else range(self._partitions))
            ]
            resources.push_async_callback(self._give_up, made)
            progress = await self._project_while(self._watch(made, now.live, now.goals), projectors)
        return replace(progress, erased=now.erased)

    async def _live(self) -> Generation:
        async with self._engine.connect() as connection:
            live = await current_generation(connection, self._projection.name)
        return live or await self._begin(State.CURRENT)

    async def _begin(self, state: State = State.BUILDING) -> Generation:
        async with self._engine.begin() as connection:
            return await begin_generation(connection, self._projection, state)

    async def _give_up(self, made: Generation) -> None:
        # Where Postgres is away it is given up by the next projector that looks round.
        with contextlib.suppress(*POSTGRES_ERRORS):
            async with self._engine.begin() as connection:
                await retire(connection, made)
            await Removal().step(self._engine, [self._projection.name])

    def _projector(self, generation: Generation, partition: int) -> Projector:
        return Projector(
            self._projection,
            generation,
            nats_url=self._nats_url,
            database_url=self._database_url,
            partition=partition,
            partitions=self._partitions,
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

    async def _watch(self, made: Generation, live: Generation, goals: Sequence[Identity | None]) -> Progress:
        total = sum(goal.messages for goal in goals if goal is not None)
        while True:
            positions = await self._positions(made)
            refuse_other_streams(goals, positions)
            done = sum(position.dealt_with for position in positions.values())
            self._tell(Progress(done=min(done, total), total=total))
            has_arrived = all(
                [await self._has_reached(goal, positions.get(number), number) for number, goal in enumerate(goals)]
            )
            if has_arrived and (made == live or await self._hand_over(made, live)):
                return Progress(done=done, total=total)
            await asyncio.sleep(POLL_SECONDS)

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

    async def _hand_over(self, made: Generation, live: Generation) -> bool:
        """Let readers enter *made* instead of *live*, or return False when they would go back in time: try again."""
        async with self._engine.begin() as connection:
            # Held, the one that is read cannot run ahead while the other comes level.
            held = await hold_positions_in(connection, live.schema) if self._kept else {}
            if not await self._comes_level(made, {number: held[number].seq for number in self._kept & held.keys()}):
                return False
            if not self._may_set_aside:
                refuse_to_set_aside(held, await self._positions(made))
            if not await make_current(connection, made):
                raise AnotherBackfill("The new generation was taken away before it was done. Run `collector backfill` again.")
        return True

    async def _comes_level(self, made: Generation, ahead: Mapping[int, int]) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LEVEL_SECONDS
        while True:
            positions = await self._positions(made)
            if all([await self._is_level(positions.get(number), number, seq) for number, seq in ahead.items()]):
                return True
            if loop.time() > deadline:
                return False
            await asyncio.sleep(POLL_SECONDS / 10)

    async def _is_level(self, position: Position | None, partition: int, seq: int) -> bool:
        if position is None or position.seq >= seq:
            return position is not None
        # What the other has read last may be erased since: then there is nothing up to it.
        following = await self._streams[partition].first_after(position.seq)
        return following is None or following > seq

    async def _project_while(self, watching: Coroutine[None, None, Progress], projectors: Sequence[Projector]) -> Progress:
        stop = asyncio.Event()
        projecting = asyncio.gather(*(projector.run(stop, clock=self._clock) for projector in projectors))
        watched = asyncio.ensure_future(watching)
        both: set[asyncio.Future[Any]] = {projecting, watched}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not watched.done():
                await projecting  # it ended first, so it has something to say
            end = await watched
        finally:
            stop.set()
            # Again and again: a cancellation can be lost in asyncio.wait_for, and it would watch for ever.
            while not watched.done():
                watched.cancel()
                await asyncio.wait({watched}, timeout=POLL_SECONDS)
            await asyncio.wait(both)
        await self._farewell()
        return end

    async def _farewell(self) -> None:
        removal = Removal()
        # The readers have their new generation, whatever becomes of the old one: a projector takes it away, too.
        with contextlib.suppress(*POSTGRES_ERRORS):
            async with asyncio.timeout(FAREWELL_SECONDS):
                while not await removal.step(self._engine, [self._projection.name]):  # noqa: ASYNC110  # others' doing
                    await asyncio.sleep(POLL_SECONDS)
