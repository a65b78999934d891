"""Shares: a partition made anew by several processes at once, each of which folds whole sites; nobody reads it meanwhile.

Nothing of what a rebuild makes is read before it is done, so the shares keep positions of their own, under numbers below 0. At
the end those, and what was added up by them, become the partition's, in one transaction; from there its projector goes on.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any, cast

import msgspec
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.codec import Codec
from projections.generations import Generation
from projections.projections import PROJECTIONS
from projections.projector.halt import newer_version
from projections.projector.holes import HOLES, holes_in
from projections.projector.patience import patiently
from projections.projector.projection import Projection
from projections.projector.share import Done, Message, Task, framed, frames
from projections.stream import Identity, Interrupted, Stream
from projections.stream.item import Item, Sequenced

# Below this a second process costs more than it brings.
WORTHWHILE = 20_000
MOST = 8
_AT_ONCE = 4_000
# What waits for a process before its messages: enough that it never waits for us.
_AHEAD = 3
_SITE = slice(3, 5)  # of a subject's tokens: the tenant and the site

_done = msgspec.msgpack.Decoder(Done)


class AsItIs(Codec):
    """Reads nothing: a message's bytes are looked at by the process that folds it."""

    def decode(self, data: bytes) -> Any:
        """Return *data*."""
        return data


class ShareLost(Exception):
    """A process has ended, or could not go on; the text says what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"{why or 'A process of the rebuild has ended'}. What is read stays complete; run `collector backfill` again."
        )


def processes() -> int:
    """Return how many processes a partition is worth on this machine."""
    return min(os.cpu_count() or 1, MOST)


def is_worthwhile(projection: Projection, goal: Identity) -> bool:
    """Tell whether several processes are faster; a projection that is not listed they would not know."""
    return processes() > 1 and goal.messages >= WORTHWHILE and projection in PROJECTIONS


class _Hand:
    """One process, and what it was given; whoever gives it messages meets its trouble."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.given = 0
        self._waiting: list[Message] = []
        self._room = asyncio.Semaphore(_AHEAD)
        self._under_way = 0
        self._idle = asyncio.Event()
        self.trouble: Exception | None = None

    async def give(self, message: Message) -> None:
        """Have *message* folded, behind those before it."""
        self.given += 1
        self._waiting.append(message)
        if len(self._waiting) >= _AT_ONCE:
            await self.send()

    async def send(self) -> None:
        """Hand over what was given, once there is room for it."""
        if not self._waiting:
            return
        await self._room.acquire()
        self._check()
        batch, self._waiting = self._waiting, []
        self._under_way += 1
        self._idle.clear()
        self._write(msgspec.msgpack.encode(batch))
        with suppress(ConnectionError):  # it is gone, which listen() says
            await self._pipe.drain()

    async def finish(self) -> None:
        """Wait until all that was given is folded."""
        await self.send()
        while self._under_way:
            self._check()
            await self._idle.wait()
        self._check()

    def begin(self, task: Task) -> None:
        """Say what is to be done."""
        self._write(msgspec.msgpack.encode(task))

    async def listen(self, report: Callable[[int], None]) -> None:
        """Hear how far it is, until it ends."""
        async for body in frames(cast(asyncio.StreamReader, self.process.stdout)):
            done = _done.decode(body)
            if done.too_new is not None:
                self._fail(newer_version(done.too_new))
                return
            if done.trouble:
                self._fail(ShareLost(done.trouble))
                return
            report(done.messages)
            self._under_way -= 1
            self._room.release()
            if not self._under_way:
                self._idle.set()
        self._fail(ShareLost(""))

    @property
    def _pipe(self) -> asyncio.StreamWriter:
        return cast(asyncio.StreamWriter, self.process.stdin)

    def _write(self, body: bytes) -> None:
        self._pipe.write(framed(body))

    def _fail(self, why: Exception) -> None:
        self.trouble = why
        self._idle.set()
        self._room.release()

    def _check(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    async def end(self) -> None:
        """End the process, whatever it does."""
        self._pipe.close()
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


class Shares:
    """Makes one partition of *generation* anew up to where its stream ended when it was looked at."""

    def __init__(
        self,
        projection: Projection,
        generation: Generation,
        engine: AsyncEngine,
        *,
        nats_url: str,
        database_url: str,
        partition: int,
        partitions: int,
    ) -> None:
        self._projection, self._generation, self._engine = projection, generation, engine
        self._nats_url, self._database_url = nats_url, database_url
        self._partition, self._partitions = partition, partitions
        self._stream = Stream(nats_url, projection.streams(partitions)[partition], AsItIs(projection.facts))
        self._hands: list[_Hand] = []
        self._of_site: dict[tuple[str, ...], _Hand] = {}
        self._first = self._last = 0
        self._last_id = ""
        self._holes: list[tuple[int, int]] = []

    async def make(self, goal: Identity, report: Callable[[int], None], waits: Callable[[str], None]) -> None:
        """Fold every message up to the last of *goal*, telling *report* how many more are dealt with, and *waits* what for."""
        async with AsyncExitStack() as resources:
            await resources.enter_async_context(self._stream)
            for number in range(processes()):
                hand = _Hand(
                    await asyncio.create_subprocess_exec(
                        sys.executable, "-m", "projections.projector.share", stdin=PIPE, stdout=PIPE
                    )
                )
                resources.push_async_callback(hand.end)
                hand.begin(self._task(number, goal))
                listening = asyncio.create_task(hand.listen(report))
                resources.callback(listening.cancel)
                self._hands.append(hand)
            await patiently(partial(self._read, goal), waits)
            await asyncio.gather(*(hand.finish() for hand in self._hands))
        if self._last:
            await self._become_one(goal)

    def _task(self, number: int, goal: Identity) -> Task:
        return Task(
            nats_url=self._nats_url,
            database_url=self._database_url,
            schema=self._generation.schema,
            projection=self._projection.name,
            partition=self._partition,
            partitions=self._partitions,
            number=-1 - number - self._partition * MOST,
            stream_created=goal.created,
        )

    async def _has_more(self, goal: Identity) -> bool:
        following = await self._stream.first_after(self._last)
        return following is not None and following <= goal.last_seq

    async def _read(self, goal: Identity) -> None:
        await self._stream.connect()
        while self._last < goal.last_seq and await self._has_more(goal):
            await self._read_on(goal)

    async def _read_on(self, goal: Identity) -> None:
        with suppress(Interrupted):  # and so it is read on from the last that was shared out
            async with self._stream.read_after(self._last) as reader:
                while self._last < goal.last_seq:
                    batch = await reader.next_batch()
                    await self._share_out([item for item in batch if item.seq <= goal.last_seq])
                    if not batch and not await self._has_more(goal):
                        return

    async def _share_out(self, batch: Sequence[Item]) -> None:
        if not batch:
            return
        self._holes += holes_in(self._last, batch)
        self._first = self._first or batch[0].seq
        for item in batch:
            if isinstance(item, Sequenced):
                await self._hand_for(item.subject).give((item.seq, item.message_id, item.subject, item.event))
        self._last, self._last_id = batch[-1].seq, batch[-1].message_id

    def _hand_for(self, subject: str) -> _Hand:
        # A site stays with whom it came to first, so that its facts keep their order.
        site = tuple(subject.split(".")[_SITE])
        hand = self._of_site.get(site)
        if hand is None:
            hand = self._of_site[site] = min(self._hands, key=lambda one: one.given)
        return hand

    async def _become_one(self, goal: Identity) -> None:
        mine = {"from": -MOST * (self._partition + 1), "to": -1 - MOST * self._partition, "partition": self._partition}
        async with self._engine.begin() as connection:
            await connection.execute(text(f'SET LOCAL search_path = "{self._generation.schema}"'))
            for statement in _BECOME_ONE:
                await connection.execute(statement, {**mine, **self._end(goal)} if ":seq" in str(statement) else mine)
            await self._note_holes(connection)

    def _end(self, goal: Identity) -> dict[str, Any]:
        return {
            "partitions": self._partitions,
            "created": goal.created,
            "first_seq": self._first,
            "seq": self._last,
            "message_id": self._last_id,
        }

    async def _note_holes(self, connection: AsyncConnection) -> None:
        if self._holes:
            rows = [{"partition": self._partition, "first": first, "last": last} for first, last in self._holes]
            await connection.execute(insert(HOLES), rows)


_BECOME_ONE = (
    text("""
        INSERT INTO positions (partition, partitions, stream_created, first_seq, seq, message_id, applied, duplicates,
                               quarantined, received_at)
        SELECT :partition, :partitions, CAST(:created AS timestamptz), :first_seq, :seq, :message_id, coalesce(sum(applied), 0),
               coalesce(sum(duplicates), 0), coalesce(sum(quarantined), 0), max(received_at)
        FROM positions WHERE partition BETWEEN :from AND :to
    """),
    text("DELETE FROM positions WHERE partition BETWEEN :from AND :to"),
    text("""
        INSERT INTO totals (tenant, partition, applied, duplicates, quarantined, received_at)
        SELECT tenant, :partition, sum(applied), sum(duplicates), sum(quarantined), max(received_at)
        FROM totals WHERE partition BETWEEN :from AND :to GROUP BY tenant
    """),
    text("DELETE FROM totals WHERE partition BETWEEN :from AND :to"),
    text("""
        INSERT INTO ends (tenant, site, hour, partition, ending, imported, facts)
        SELECT tenant, site, hour, :partition, ending, imported, sum(facts)
        FROM ends WHERE partition BETWEEN :from AND :to GROUP BY tenant, site, hour, ending, imported
    """),
    text("DELETE FROM ends WHERE partition BETWEEN :from AND :to"),
)
