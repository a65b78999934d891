"""Erasure: takes the facts of deleted sites out of the streams one by one, and goes on where another process has stopped.

Any ingest process does it, for it needs NATS alone, and none has to be chosen: what is about to be erased is written into the
control stream first, after the version that was looked at, so of two who begin at once one is refused and stands by. Whoever
stands by sees the site's version or its facts change; where neither has for a while, it takes over.
"""

import asyncio
import contextlib
import logging
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from collector.control.decided import Undecided
from collector.control.plane import ControlPlane, open_plane
from collector.control.sites import MOST_RUNS, Erasure
from collector.control.stored_facts import Holding, StoredFacts, runs_of
from collector.stream import connection as broker
from collector.stream.connection import UNREACHABLE, Connection
from contracts.control.sites import Site, SiteErased, SiteState
from contracts.jetstream import JetStreamError

log = logging.getLogger(__name__)

BY: Final = "erasure"
LOOK_SECONDS: Final = 1.0
# Longer than it takes until every ingest process has heard that the site takes nothing (2 s) and whatever it had under way
# then is stored or refused (1.5 s): whoever looks after that sees the last of its facts.
SETTLE_SECONDS: Final = 5.0
# JetStream writes a block of up to 8 MiB again for each message, and takes no others meanwhile: twice as long they have their
# turn.
REST: Final = 2.0
# For how long it is looked whether an ingest process that was cut off, or frozen, stores what it took before it had heard.
WATCH_SECONDS: Final = 600.0


class Pace(Struct, frozen=True, kw_only=True):
    """How long a site is left alone first, how much is said at once, and how long one rests after each message."""

    settle_seconds: float = SETTLE_SECONDS
    look_seconds: float = LOOK_SECONDS
    most_at_once: int = MOST_RUNS
    rest: float = REST


OUR_PACE: Final = Pace()


class Progress(Struct, frozen=True, kw_only=True):
    """How many messages are erased, of how many that there were."""

    done: int
    total: int


class _Sighting(Struct, frozen=True, kw_only=True):
    """What a site looked like, and since when it has looked so."""

    version: int
    holdings: tuple[Holding, ...]
    since: float


class Eraser:
    """Sees to the sites that *erasing* returns, by id, one after the other."""

    def __init__(
        self, client: Connection, plane: ControlPlane, erasing: Callable[[], Mapping[str, Site]], *, pace: Pace = OUR_PACE
    ) -> None:
        self._client = client
        self._plane = plane
        self._erasing = erasing
        self._pace = pace
        self._seen: dict[str, _Sighting] = {}
        self._unanswered: tuple[str, int] | None = None
        self._begun: set[str] = set()
        self._erased: dict[str, tuple[Site, float]] = {}
        self._looks_behind_at = 0.0

    @property
    def is_needed(self) -> bool:
        """Say whether there is anything to erase, or to watch for a while."""
        return bool(self._erasing() or self._erased)

    async def look(self) -> None:
        """Erase what nobody else is erasing, or return at once while NATS is away; what fails is tried again later."""
        sites = tuple(self._erasing().values())
        self._seen = {site.id: self._seen[site.id] for site in sites if site.id in self._seen}
        for site in sites:
            if not self._client.is_connected:
                return
            try:
                if await self._is_left_alone(site):
                    await self._erase(site)
            except (Undecided, JetStreamError, *UNREACHABLE) as error:
                # Another was quicker, or NATS is away: either way it is looked at again.
                log.info("an erasure is left for a while", extra={"error": type(error).__name__})
        with contextlib.suppress(Undecided, JetStreamError, *UNREACHABLE):
            await self._look_behind()

    async def _is_left_alone(self, site: Site) -> bool:
        """Say whether nobody has erased anything of *site* for a while, ourselves included."""
        holdings = tuple(await StoredFacts(self._client, site.tenant, site.key).holdings())
        now, before = time.monotonic(), self._seen.get(site.id)
        if before is None or (before.version, before.holdings) != (site.version, holdings):
            self._seen[site.id] = _Sighting(version=site.version, holdings=holdings, since=now)
            return self._pace.settle_seconds <= 0
        return now - before.since >= self._pace.settle_seconds

    async def _erase(self, site: Site) -> None:
        facts = StoredFacts(self._client, site.tenant, site.key)
        erasure = await self._look_at(site)
        log.info("the facts of a deleted site are being erased")
        last = ""
        for holding in await facts.holdings():
            last = holding.stream
            await self._say_what_may_be_left(facts, last)
            if site.id not in self._begun:
                await self._say_where_another_stopped(facts, erasure, holding)
            while found := await facts.first(holding.stream, most=self._pace.most_at_once):
                erasure = await self._say(erasure, holding, found)
                for seq in found:
                    await self._erase_one(facts, holding.stream, seq)
        self._begun.add(site.id)
        if any(holding.messages for holding in await facts.holdings()):
            return  # there is more by now, which is seen to when nothing more comes
        await self._record(erasure, stream=last, erased=(), is_last=True)
        self._erased[site.id] = site, time.monotonic() + WATCH_SECONDS
        log.info("the facts of a deleted site are erased")

    async def _look_behind(self) -> None:
        """Begin again with a site of which something was stored after it was erased, unless it is there anew."""
        now = time.monotonic()
        if now < self._looks_behind_at or not self._client.is_connected:
            return
        self._looks_behind_at = now + self._pace.settle_seconds
        for id_, (site, until) in tuple(self._erased.items()):
            if now > until:
                del self._erased[id_]
                continue
            facts = StoredFacts(self._client, site.tenant, site.key)
            held = [holding for holding in await facts.holdings() if holding.messages]
            if held and (erasure := await self._look_at(site)).site.state is not SiteState.ERASED:
                del self._erased[id_]
            elif held:
                await self._say(erasure, held[0], await facts.first(held[0].stream, most=self._pace.most_at_once))

    async def _say(self, erasure: Erasure, holding: Holding, found: Sequence[int]) -> Erasure:
        """Write down which messages are about to be gone, where that was not done before: a hole is always on the list."""
        known = said_of(erasure.said, holding)
        new = [seq for seq in found if not is_in(known, seq)]
        if not new:
            return erasure
        await self._record(erasure, stream=holding.stream, erased=runs_of(new), is_last=False)
        return await self._look_at(erasure.site)

    async def _erase_one(self, facts: StoredFacts, stream: str, seq: int) -> None:
        began = time.monotonic()
        self._unanswered = stream, seq
        await facts.erase(stream, seq)
        self._unanswered = None
        await asyncio.sleep(self._pace.rest * (time.monotonic() - began))

    async def _say_what_may_be_left(self, facts: StoredFacts, stream: str) -> None:
        """Tell of a message that is gone without an answer: JetStream notes that before it writes over its bytes."""
        if self._unanswered is None or self._unanswered[0] != stream:
            return
        (_, seq), self._unanswered = self._unanswered, None
        if await facts.first_after(stream, seq - 1) != seq:
            log.warning(
                "nats-server was lost while it erased the message at %s of %s: if it was killed, the bytes may be left in "
                "their block until JetStream compacts that",
                seq,
                stream,
            )

    async def _say_where_another_stopped(self, facts: StoredFacts, erasure: Erasure, holding: Holding) -> None:
        """Tell of the last message that a process erased which is gone, with whatever it knew of the answer."""
        first = await facts.first_after(holding.stream, 0)
        # They are erased in order: what is gone ends before the first that is there.
        gone = [
            min(end, end if first is None else first - 1)
            for begin, end in said_of(erasure.said, holding)
            if first is None or begin < first
        ]
        if gone:
            log.warning(
                "an erasure is gone on with that a process began whose last message was the one at %s of %s: if "
                "nats-server was killed just then, too, the bytes may be left in their block until JetStream compacts that",
                max(gone),
                holding.stream,
            )

    async def _look_at(self, site: Site) -> Erasure:
        return await self._plane.run(lambda plane: plane.sites.erasure(site.tenant, site.key))

    async def _record(self, erasure: Erasure, *, stream: str, erased: Sequence[tuple[int, int]], is_last: bool) -> None:
        site = erasure.site
        await self._plane.run(
            lambda plane: plane.sites.say_erased(
                site.tenant,
                site.key,
                stream=stream,
                erased=erased,
                is_last=is_last,
                by=BY,
                expected_version=site.version,
            )
        )


async def erase_for_ever(
    nats_url: str,
    erasing: Callable[[], Mapping[str, Site]],
    clock: Callable[[], datetime],
    *,
    replicas: int,
    pace: Pace = OUR_PACE,
) -> None:
    """See to the sites that *erasing* returns, with a connection that lasts only as long as there are any."""
    while True:
        if erasing():
            async with _eraser(nats_url, erasing, clock, replicas=replicas, pace=pace) as eraser:
                while eraser.is_needed:
                    await eraser.look()
                    await asyncio.sleep(pace.look_seconds)
        await asyncio.sleep(pace.look_seconds)


@contextlib.asynccontextmanager
async def _eraser(
    nats_url: str, erasing: Callable[[], Mapping[str, Site]], clock: Callable[[], datetime], *, replicas: int, pace: Pace
) -> AsyncIterator[Eraser]:
    plane = open_plane(nats_url, clock=clock, replicas=replicas)
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        yield Eraser(client, plane, erasing, pace=pace)
    finally:
        await broker.disconnect(client)
        await asyncio.to_thread(plane.close)


async def progress_of(client: Connection, plane: ControlPlane, site: Site) -> Progress:
    """Return how far the erasure of *site* is."""
    facts = StoredFacts(client, site.tenant, site.key)
    erasure = await plane.run(lambda plane: plane.sites.erasure(site.tenant, site.key))
    done = left = 0
    for holding in await facts.holdings():
        first = await facts.first_after(holding.stream, 0)
        # What is said first is erased first; behind the first that is there all are.
        gone = [run for run in said_of(erasure.said, holding) if first is None or run[0] < first]
        done += sum((last if first is None else min(last, first - 1)) - begin + 1 for begin, last in gone)
        left += holding.messages
    return Progress(done=done, total=done + left)


def said_of(said: Sequence[SiteErased], holding: Holding) -> list[tuple[int, int]]:
    """Return the runs that were said of the stream that there is, in order: one of its name before it is another."""
    ours = [event for event in said if event.stream == holding.stream and event.at >= holding.created]
    return sorted(run for event in ours for run in event.erased)


def is_in(runs: Sequence[tuple[int, int]], seq: int) -> bool:
    """Say whether one of *runs*, which are in order, holds *seq*."""
    at = bisect_right(runs, seq, key=lambda run: run[0])
    return at > 0 and runs[at - 1][1] >= seq
