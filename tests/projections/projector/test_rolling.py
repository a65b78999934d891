"""Beside a projector days that are over are added up by themselves, and seldom those that are touched all the time."""

from datetime import UTC, date, datetime

from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.database import open_engine
from projections.projector.endings import SiteDay
from projections.projector.rebuild import backfill
from projections.projector.rolling import LONGEST_WAIT_SECONDS, PEACE_SECONDS, SHARE, Patience
from projections.read_models.rollups.computing import Wanted
from tests.facts import pageview, traffic
from tests.projections.read_models.rollups.added import all_fresh, both, rolled_up
from tests.projections.world import LABELS, Facts, Tables, projecting, until, utc_now

FAR_AHEAD = datetime(2027, 1, 1, tzinfo=UTC)


async def test_a_projector_leaves_no_day_that_is_over_dirty(
    facts: Facts, tables: Tables, database_url: str, engine: AsyncEngine
):
    await facts.publish(*traffic(60, seed=11, days=3))
    async with projecting(facts.nats_url, database_url) as running:
        await until(all_fresh(tables, 60), watching=running)
        await facts.publish(*traffic(20, seed=12, days=1), pageview(at=utc_now()))
        await until(all_fresh(tables, 81), watching=running)
        are, should_be = await both(engine, before=datetime.combine(utc_now(), datetime.min.time(), UTC))
        assert are == should_be
        assert await tables.value("SELECT count(*) FROM site_days WHERE state <> 2") == 1, "the open day"

        async def says_so() -> bool:
            return told("dirty_days") == 0 == told("waiting_seconds")

        await until(says_so, watching=running)
        # A rebuild makes the same, under numbers of its own.
        await backfill(nats_url=facts.nats_url, database_url=database_url, clock=utc_now)
        schema = await tables.turn_to_current()
        await until(all_fresh(tables, 81), watching=running)
    rebuilt = open_engine(database_url, schema=schema)
    async with rebuilt.connect() as connection:
        assert await rolled_up(connection) == are
    await rebuilt.dispose()


def told(what: str) -> float | None:
    """Return what the metrics say."""
    return REGISTRY.get_sample_value(f"collector_rollup_{what}", LABELS)


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def wanted(day: int) -> Wanted:
    return Wanted(tenant_id=1, site_id=1, tenant="main", site="example.org", day=date(2026, 11, day))


def touched(day: int) -> SiteDay:
    return SiteDay("main", "example.org", date(2026, 11, day))


def test_a_day_is_due_once_it_is_left_in_peace():
    clock = Clock()
    patience = Patience(clock)
    patience.touch([touched(1)])
    assert patience.due([wanted(1), wanted(2)]) == [wanted(2)]
    clock.now += PEACE_SECONDS + 0.01
    assert patience.due([wanted(1)]) == [wanted(1)]


def test_a_day_that_is_never_left_in_peace_is_due_after_a_while():
    clock = Clock()
    patience, seen = Patience(clock), []
    while not seen or not seen[-1]:
        patience.touch([touched(1)])
        seen.append(patience.due([wanted(1)]))
        clock.now += PEACE_SECONDS / 2
    assert LONGEST_WAIT_SECONDS < clock.now - 1000 < LONGEST_WAIT_SECONDS + 1
    assert LONGEST_WAIT_SECONDS < patience.longest_wait < LONGEST_WAIT_SECONDS + 1


def test_a_day_that_is_touched_again_at_once_is_left_alone_in_proportion_to_what_it_costs():
    clock = Clock()
    patience = Patience(clock)
    assert patience.due([wanted(1)]) == [wanted(1)]
    patience.rest([wanted(1)], spent=2.0)
    assert patience.longest_wait == 0
    clock.now += 2.0 * SHARE - 0.1
    assert patience.due([wanted(1), wanted(2)]) == [wanted(2)]
    clock.now += 0.2
    assert patience.due([wanted(1)]) == [wanted(1)]
