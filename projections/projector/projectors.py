"""Projectors: every projection's generations on this machine, each a loop of its own, so that one's defect stops no other."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Self

from projections import metrics
from projections.database import POSTGRES_ERRORS, advice_for, open_engine
from projections.generations import Generation, Removal, State, all_generations
from projections.projections import PROJECTIONS
from projections.projector.claim import give_up_abandoned
from projections.projector.halt import Halted, HaltReason
from projections.projector.projection import Projection
from projections.projector.stopping import pause
from projections.projector.worker import Projector

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


class _Loop:
    """A projector, and the task that it runs in."""

    def __init__(self, projector: Projector, generation: Generation, clock: Callable[[], datetime]) -> None:
        self.projector = projector
        self.generation = generation
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(self._run(clock), name=f"projector {projector.label}")

    async def _run(self, clock: Callable[[], datetime]) -> None:
        async with self.projector:
            await self.projector.run(self.stop, clock=clock)

    @property
    def halted(self) -> Halted | None:
        """Return why it has stopped for good, if it has."""
        ended = self.task.exception() if self.task.done() and not self.task.cancelled() else None
        return ended if isinstance(ended, Halted) else None

    async def end(self) -> None:
        """Stop it, and wait until it has."""
        self.stop.set()
        await asyncio.wait({self.task})


class Projectors:
    """Runs a loop for each generation of *projections* that is listed, as they come and go; an async context manager."""

    def __init__(
        self,
        *,
        nats_url: str,
        database_url: str,
        projections: Sequence[Projection] = PROJECTIONS,
        partition: int = 0,
        partitions: int = 1,
    ) -> None:
        self._projections = {projection.name: projection for projection in projections}
        self._nats_url, self._database_url = nats_url, database_url
        self._partition, self._partitions = partition, partitions
        self._engine = open_engine(database_url)
        self._loops: dict[int, _Loop] = {}
        self._removal = Removal()
        self._trouble = "starting"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._engine.dispose()

    def checks(self) -> dict[str, str]:
        """Return what stands in the way of keeping up, by projection/generation/partition; an empty text is good.

        A generation that nobody reads yet stands in nobody's way.
        """
        loops = {
            f"projection {loop.projector.label}": loop.projector.trouble
            for loop in self._loops.values()
            if loop.generation.state is State.CURRENT
        }
        return {"projections": self._trouble} | loops

    async def run(self, stop: asyncio.Event, *, clock: Callable[[], datetime]) -> None:
        """Project until *stop* is set; raise Halted once every loop that has a stream has stopped for good.

        While others still run, one that has stopped is told by ``checks`` and the metrics alone. Whoever waits for a family's
        first fact holds up nobody: started again, we find its stream.
        """
        try:
            while not stop.is_set() and self._halt_of_all() is None:
                await self._look(clock)
                await pause(LOOK_SECONDS, stop)
        finally:
            await asyncio.gather(*(loop.end() for loop in self._loops.values()))
        # Asked again now that every loop has ended: one may have told that it stops for good when we were told to stop.
        halted = self._halt_of_all()
        if halted is not None:
            raise halted

    def _halt_of_all(self) -> Halted | None:
        """Return why a loop has stopped for good, if all that have a stream have."""
        halts = [loop.halted for loop in self._loops.values() if not loop.projector.has_no_stream]
        return halts[0] if halts and all(halts) else None

    async def _look(self, clock: Callable[[], datetime]) -> None:
        try:
            await self._tidy(await self._listed())
            listed = await self._listed()
        except POSTGRES_ERRORS as error:
            # The loops that there are go on; each of them meets Postgres by itself.
            self._trouble = advice_for(error)
            LOG.warning("the generations cannot be listed", extra={"advice": self._trouble, "error": type(error).__name__})
            return
        made = {generation.projection for generation in listed}
        missing = [name for name in self._projections if name not in made]
        self._trouble = f"there are no tables of {', '.join(missing)}; run `collector migrate`" if missing else ""
        for generation in listed:
            if generation.state is not State.RETIRED:
                self._have_loop(generation, clock)
        kept = {generation.id for generation in listed if generation.state is not State.RETIRED}
        for gone in self._loops.keys() - kept:
            loop = self._loops.pop(gone)
            await loop.end()
            metrics.forget(loop.projector.label, [reason.value for reason in HaltReason])

    async def _listed(self) -> list[Generation]:
        async with self._engine.connect() as connection:
            return await all_generations(connection, list(self._projections))

    def _have_loop(self, generation: Generation, clock: Callable[[], datetime]) -> None:
        loop = self._loops.get(generation.id)
        if loop is not None:
            loop.generation = generation
        if loop is not None and loop.task.done() and loop.halted is None:
            LOG.error("a projector has ended by itself; starting another", extra={"projection": str(loop.projector.label)})
            loop = None
        if loop is None:
            projector = Projector(
                self._projections[generation.projection],
                generation,
                partition=self._partition,
                partitions=self._partitions,
                nats_url=self._nats_url,
                database_url=self._database_url,
            )
            self._loops[generation.id] = _Loop(projector, generation, clock)

    async def _tidy(self, listed: Sequence[Generation]) -> None:
        """Take away what is read no more, and what a backfill has left that did not come to its end."""
        for generation in listed:
            if generation.state is State.BUILDING:
                await give_up_abandoned(self._engine, generation)
        await self._removal.step(self._engine, list(self._projections))
