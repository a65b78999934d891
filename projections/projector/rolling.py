"""Rolling: the loop beside a projector that computes what a batch has made out of date, once the day is over.

It is never inside a batch's transaction, waits until a day is left in peace, and spends only a part of its time on a day that
is touched again and again.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.streams import bucket_of
from projections import metrics
from projections.database import PROJECTING, advice_for, open_engine, sqlstate_of
from projections.generations import Generation
from projections.projector.endings import SiteDay
from projections.projector.freshening import Overtaken, claim, dirty_days, freshen, mark_other_shapes
from projections.projector.projection import Label
from projections.projector.stopping import pause
from projections.read_models.rollups.computing import Wanted
from projections.read_models.rollups.numbering import MOST_VALUES

LOG = logging.getLogger(__name__)

# Whoever marks days elsewhere, or midnight, is noticed after this at the latest; what our own batches mark is known at once.
LOOK_SECONDS = 5.0
# An import touches a day in every batch: it is computed when it has been left in peace for this long, or has waited too long.
PEACE_SECONDS, LONGEST_WAIT_SECONDS = 0.3, 30.0
# A day that is touched again at once is computed for at most one part in so many of the time.
SHARE = 10
# How many days are looked at, and how many are computed in one transaction: as many as take about so long.
LISTED, AT_ONCE, ROUND_SECONDS = 2000, 64, 0.5
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
# A large day's statements take as long as they take; those of others wait for none of them.
_SESSION = {**PROJECTING, "application_name": "collector roll up", "statement_timeout": "10min"}


class Patience:
    """Which days are due: what was touched when, since when a day is known to be dirty, and until when it is left alone."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._touched: dict[SiteDay, float] = {}
        self._known: dict[SiteDay, float] = {}
        self._resting: dict[SiteDay, float] = {}

    def touch(self, days: Iterable[SiteDay]) -> None:
        """Note that *days* were touched now."""
        self._touched |= dict.fromkeys(days, self._now())

    def due(self, days: Sequence[Wanted]) -> list[Wanted]:
        """Return those of *days*, all that are dirty, whose turn it is."""
        now, dirty = self._now(), [_site_day(each) for each in days]
        self._known = {each: self._known.get(each, now) for each in dirty}
        self._touched = {each: at for each, at in self._touched.items() if now - at < PEACE_SECONDS}
        self._resting = {each: until for each, until in self._resting.items() if now < until}
        return [day for day, each in zip(days, dirty, strict=True) if self._is_due(each, now)]

    def rest(self, days: Sequence[Wanted], spent: float) -> None:
        """Leave *days*, on which *spent* seconds were spent, alone for a while if they are touched again."""
        until = self._now() + SHARE * spent / max(len(days), 1)
        self._resting |= {_site_day(each): until for each in days}
        for each in days:
            self._known.pop(_site_day(each), None)

    @property
    def longest_wait(self) -> float:
        """Return for how long the day that waits longest is known to be dirty, in seconds."""
        return max((self._now() - since for since in self._known.values()), default=0.0)

    def _is_due(self, day: SiteDay, now: float) -> bool:
        if day in self._resting:
            return False
        return day not in self._touched or now - self._known[day] > LONGEST_WAIT_SECONDS


class Rolling:
    """Keeps the rollups of one partition's sites in *generation* fresh; ``close`` it."""

    def __init__(
        self, database_url: str, generation: Generation, label: Label, *, partition: int = 0, partitions: int = 1
    ) -> None:
        self._engine = open_engine(database_url, _SESSION, schema=generation.schema, pool_size=1)
        self._label = label
        self._partition, self._partitions = partition, partitions
        self._patience = Patience(asyncio.get_running_loop().time)
        self._news = asyncio.Event()
        self._at_once, self._delay = 1, FIRST_DELAY
        self._most = MOST_VALUES
        self._today = date.max

    async def close(self) -> None:
        """Leave Postgres."""
        await self._engine.dispose()

    def touch(self, days: Iterable[SiteDay]) -> None:
        """Hear of *days* that a batch has touched; those that are not over have time."""
        if over := [each for each in days if each.day < self._today]:
            self._patience.touch(over)
            self._news.set()

    async def run(self, stop: asyncio.Event, *, clock: Callable[[], datetime], leads: Callable[[], bool]) -> None:
        """Compute what is dirty, while we are the one that *leads*, until *stop* is set; come through everything."""
        is_first = True
        while not stop.is_set():
            if not leads():
                is_first = True
                await pause(LOOK_SECONDS / 10, stop)
                continue
            try:
                if is_first:
                    await mark_other_shapes(self._engine)
                    is_first = False
                await self._look(clock().astimezone(UTC).date(), stop)
            except Exception as error:  # noqa: BLE001  # the loop that must come through everything; it logs, counts and waits
                await self._wait_after(error, stop)

    async def _look(self, today: date, stop: asyncio.Event) -> None:
        self._news.clear()
        self._today = today
        listed = await self._dirty(today)
        due = self._patience.due(listed)
        metrics.ROLLUP_WAITING.labels(*self._label).set(self._patience.longest_wait)
        if due:
            await self.compute(self._engine, due[: self._at_once])
            return
        # Of what is left alone, some is due soon.
        await pause(PEACE_SECONDS, stop) if listed else await pause(LOOK_SECONDS, stop, self._news)

    async def _dirty(self, today: date) -> list[Wanted]:
        async with self._engine.connect() as connection:
            dirty = await dirty_days(connection, today, most=LISTED * self._partitions)
        metrics.ROLLUP_DIRTY.labels(*self._label).set(dirty.many)
        return [day for day in dirty.oldest if bucket_of(day.tenant, day.site) % self._partitions == self._partition]

    async def compute(self, engine: AsyncEngine, days: Sequence[Wanted]) -> None:
        """Claim *days* and compute them; when one was touched meanwhile, none of them is fresh, and fewer are taken next."""
        now = asyncio.get_running_loop().time
        began = now()
        claimed = await claim(engine, days)
        if not claimed.days:
            return
        try:
            await freshen(engine, claimed, most=self._most)
        except Overtaken:
            self._at_once = max(self._at_once // 2, 1)
            metrics.ROLLUP_OVERTAKEN.labels(*self._label).inc(len(claimed.days))
        else:
            metrics.ROLLUP_DAYS.labels(*self._label).inc(len(claimed.days))
            self._delay = FIRST_DELAY
            if now() - began < ROUND_SECONDS:
                self._at_once = min(2 * self._at_once, AT_ONCE)
        if now() - began > 2 * ROUND_SECONDS:
            self._at_once = max(self._at_once // 2, 1)
        self._patience.rest(claimed.days, now() - began)

    async def _wait_after(self, error: Exception, stop: asyncio.Event) -> None:
        metrics.ROLLUP_ERRORS.labels(*self._label).inc()
        LOG.warning(
            "days stay to be computed",
            extra={
                "projection": str(self._label),
                "advice": advice_for(error),
                "error": type(error).__name__,
                "sqlstate": sqlstate_of(error),
            },
        )
        await pause(self._delay, stop)
        self._delay = min(2 * self._delay, LONGEST_DELAY)


def _site_day(day: Wanted) -> SiteDay:
    return SiteDay(day.tenant, day.site, day.day)
