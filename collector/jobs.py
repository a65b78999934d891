"""What the ingest half does by the clock: one table, run by APScheduler."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from collector.salts.source import SaltSource

# A job that is late still runs, and once: APScheduler's own default drops one that is a second late.
DEFAULTS: Final = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}


@contextlib.contextmanager
def schedule(salts: SaltSource, recheck_streams: Callable[[], None]) -> Iterator[None]:
    """Run the table below until the block ends.

    Nothing depends on it for correctness: the first hit of a new day takes up the day's salt by itself.
    """
    table: tuple[tuple[str, Callable[[], Any], Any], ...] = (
        ("take up the new day's salt and destroy the old one", salts.rotate, CronTrigger(hour=0, timezone="UTC")),
        ("compare the salt with that of the other replicas", salts.recheck, IntervalTrigger(minutes=1, timezone="UTC")),
        (
            "compare the streams' settings with what the promises need",
            recheck_streams,
            IntervalTrigger(seconds=4, timezone="UTC"),
        ),
    )
    scheduler = AsyncIOScheduler(timezone="UTC", job_defaults=DEFAULTS)
    for name, job, trigger in table:
        scheduler.add_job(job, trigger, name=name)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
