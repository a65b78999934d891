"""The projector's table of jobs: what, and how often; nothing here changes an answer."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.jetstream import JetStreamError
from projections.database import POSTGRES_ERRORS
from projections.projector.days import drop_days_before
from projections.projector.dedup import HORIZON
from projections.projector.positions import POSITIONS

LOG = logging.getLogger(__name__)

# Collectors' clocks differ a little, and a publish may be slow: a fact this much older than the newest is still recognised.
SLACK = timedelta(days=1)
NOTHING_READ = datetime(1970, 2, 1, tzinfo=UTC)


class Job(Struct, frozen=True, kw_only=True):
    """Something to do now and then."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[None]]


def jobs_of(
    engine: AsyncEngine,
    refresh_lag: Callable[[datetime], Awaitable[None]],
    pack: Callable[[], Awaitable[None]],
    clock: Callable[[], datetime],
) -> tuple[Job, ...]:
    """Return the projector's jobs."""

    async def forget() -> None:
        await forget_ids(engine, now=clock())

    async def refresh() -> None:
        await refresh_lag(clock())

    return (
        Job(name="forget event ids", every=timedelta(minutes=1), run=forget),
        Job(name="refresh lag", every=timedelta(seconds=5), run=refresh),
        Job(name="pack indexes", every=timedelta(hours=1), run=pack),
    )


@contextmanager
def scheduled(jobs: Sequence[Job]) -> Iterator[None]:
    """Run *jobs* at their times for the length of the block; a stalled process runs a late job once, not never."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    for job in jobs:
        scheduler.add_job(
            _attempt,
            "interval",
            (job,),
            seconds=job.every.total_seconds(),
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


async def forget_ids(engine: AsyncEngine, *, now: datetime) -> int:
    """Drop the days of event ids that no fact can repeat any more, and return how many they were.

    A fact repeats an id only within the horizon of its ``received_at``, so an id may go once every partition has read later
    facts than that; *now* keeps a single collector with a clock in the future from making the others forget too early.
    """
    async with engine.connect() as connection:
        times = (await connection.scalars(select(POSITIONS.c.received_at))).all()
    reached = min((now, *(time or NOTHING_READ for time in times))) - HORIZON - SLACK
    return await drop_days_before(engine, reached.astimezone(UTC).date())


async def _attempt(job: Job) -> None:
    try:
        await job.run()
    except (JetStreamError, *POSTGRES_ERRORS) as error:
        LOG.warning("a job will be tried again", extra={"job": job.name, "error": type(error).__name__})
