"""The first of each event id counts: within the horizon, for ever within imports, and forgetting changes no answer."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from collector.record import uuid7
from contracts.events import Fact
from projections.jobs import SLACK, forget_ids
from projections.projector.days import drop_days_before
from projections.projector.dedup import HORIZON, Sighting, first_of_each, is_ours, keep_first
from projections.projector.months import Months
from projections.stream.item import Sequenced
from tests.facts import NOON, pageview, traffic
from tests.projections.world import MODELS, Facts, Tables, chunks, project_all

INSTANT = timedelta(microseconds=1)
MIDNIGHT = NOON.replace(hour=0)


def kept(*facts: Fact, before: dict[tuple[str, str, str], list[Sighting]] | None = None) -> list[int]:
    """Return which of *facts* count."""
    stored = [Sequenced(seq=number, message_id="", event=fact) for number, fact in enumerate(facts)]
    return [fact.seq for fact in first_of_each(stored, before or {})]


def again(fact: Fact, later: timedelta, **fields: object) -> Fact:
    """Return a retry of *fact* that was received *later*."""
    return pageview(id=fact.id, received_at=fact.received_at + later, **{"batch": fact.batch, **fields})


FIRST = pageview()
IMPORTED = pageview(batch="logs")


def test_the_first_in_stream_order_counts():
    assert kept(FIRST, again(FIRST, timedelta(0)), again(FIRST, -timedelta(hours=1))) == [0]


def test_a_retry_within_the_horizon_is_a_repeat():
    assert kept(FIRST, again(FIRST, HORIZON)) == [0]


def test_the_same_id_after_the_horizon_is_another_fact():
    assert kept(FIRST, again(FIRST, HORIZON + INSTANT)) == [0, 1]


def test_an_import_is_a_repeat_for_ever():
    assert kept(IMPORTED, again(IMPORTED, 3650 * HORIZON)) == [0]


def test_the_same_id_on_another_site_is_another_fact():
    assert kept(FIRST, again(FIRST, timedelta(0), site="other.example")) == [0, 1]


def test_the_same_id_of_two_tenants_is_counted_for_both():
    theirs = again(FIRST, timedelta(0), tenant="other")
    assert kept(FIRST, theirs, again(FIRST, timedelta(hours=1))) == [0, 1]
    before = {(FIRST.id, FIRST.tenant, FIRST.site): [Sighting(FIRST.received_at, imported=False)]}
    assert kept(theirs, before=before) == [0]


def test_what_was_seen_before_the_batch_counts_as_well():
    before = {(FIRST.id, FIRST.tenant, FIRST.site): [Sighting(FIRST.received_at, imported=False)]}
    assert kept(again(FIRST, timedelta(hours=1)), before=before) == []


def test_a_repeat_is_one_of_any_that_counted_and_not_of_the_last_alone():
    # As when one collector's clock was wrong for an hour.
    assert kept(FIRST, again(FIRST, 30 * HORIZON), again(FIRST, timedelta(hours=1))) == [0, 1]


def ours(at: datetime, **fields: object) -> Fact:
    """Return a fact whose id was made when it was received."""
    return pageview(id=uuid7(at), at=at, **{"received_at": at, **fields})


def test_only_an_id_that_names_the_moment_of_its_receipt_is_ours():
    fact = ours(NOON)
    assert is_ours(fact)
    others = (pageview(), ours(NOON, received_at=NOON + timedelta(milliseconds=1)), ours(NOON, batch="logs"))
    assert not any(map(is_ours, others))


def test_our_own_id_is_a_repeat_of_the_same_fact_alone():
    fact = ours(NOON)
    before_it = pageview(id=fact.id, received_at=NOON - timedelta(days=1))
    assert kept(fact, fact, before_it) == [0]
    assert kept(before_it, fact, fact, before_it) == [0, 1]


FEW = [f"00000000-0000-4000-8000-{number:012x}" for number in range(6)]
OURS = ours(NOON).id


def one_of(chance: Random) -> Fact:
    """Return a fact of one of few ids, received at one of few moments, of one of two sites, by an import or not."""
    at = NOON + chance.choice([-1, 0, 0, 1, 2]) * HORIZON + chance.choice([-1, 0, 0, 1]) * INSTANT
    site, batch = chance.choice(["example.org", "other.example"]), chance.choice([None, None, "logs"])
    return pageview(id=chance.choice([*FEW, OURS, OURS]), received_at=at, site=site, batch=batch)


@pytest.mark.parametrize("seed", range(4))
async def test_the_same_count_however_the_facts_are_cut_into_batches(engine: AsyncEngine, seed: int):
    chance = Random(seed)
    facts = [one_of(chance) for _ in range(200)]
    stored = [Sequenced(seq=number, message_id="", event=fact) for number, fact in enumerate(facts)]
    months, counted = Months(engine, MODELS), []
    for batch in chunks(stored, [chance.randrange(1, 12) for _ in range(30)]):
        await months.prepare_for(batch)
        async with engine.begin() as connection:
            counted += await keep_first(connection, batch)
    assert [fact.seq for fact in counted] == kept(*facts)


async def days(tables: Tables) -> list[str]:
    """Return the days whose ids are there."""
    query = "SELECT right(inhrelid::regclass::text, 10) AS day FROM pg_inherits WHERE inhparent = 'seen_events'::regclass"
    return sorted(row["day"] for row in await tables.rows(query))


async def test_a_day_of_ids_is_dropped_only_when_every_partition_is_past_its_horizon(
    facts: Facts, tables: Tables, database_url: str, engine: AsyncEngine
):
    end = MIDNIGHT + timedelta(days=1) + HORIZON + SLACK
    await facts.publish(*(pageview(at=NOON, received_at=at) for at in (MIDNIGHT, end - INSTANT)))
    await facts.publish(pageview(at=NOON, received_at=MIDNIGHT, batch="logs"))
    await project_all(facts, tables, database_url)
    assert await forget_ids(engine, now=datetime(2030, 1, 1, tzinfo=UTC)) == 0
    await facts.publish(pageview(at=NOON, received_at=end))
    await project_all(facts, tables, database_url)
    assert await forget_ids(engine, now=NOON) == 0
    assert await forget_ids(engine, now=datetime(2030, 1, 1, tzinfo=UTC)) == 1
    assert await days(tables) == ["2026_11_28", "2026_11_29"]
    assert await tables.count("imported_events") == 1


async def test_a_day_that_somebody_reads_is_dropped_another_time(tables: Tables, engine: AsyncEngine):
    await Months(engine, MODELS).prepare_for([Sequenced(seq=1, message_id="", event=FIRST)])
    async with tables.connection.transaction():
        await tables.count("seen_events")
        assert await drop_days_before(engine, NOON.date() + timedelta(days=1)) == 0
    assert await drop_days_before(engine, NOON.date() + timedelta(days=1)) == 1


async def test_nothing_is_forgotten_while_a_partition_has_read_nothing(
    facts: Facts, tables: Tables, database_url: str, engine: AsyncEngine
):
    await facts.publish(*traffic(10, seed=1))
    await project_all(facts, tables, database_url)
    await tables.connection.execute(
        "INSERT INTO positions SELECT 1, partitions, stream_created, 0, 0, '', 0, 0, 0, NULL FROM positions"
    )
    assert await forget_ids(engine, now=datetime(2030, 1, 1, tzinfo=UTC)) == 0


async def test_nothing_is_forgotten_from_empty_tables(engine: AsyncEngine):
    assert await forget_ids(engine, now=NOON) == 0
