"""The first of each event id counts: within the horizon, for ever within imports, and forgetting changes no answer."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import Fact
from projections.jobs import SLACK, forget_ids
from projections.projector.dedup import HORIZON, Sighting, first_of_each
from projections.stream.item import Sequenced
from tests.facts import NOON, pageview, traffic
from tests.projections.world import Facts, Tables, project_all

INSTANT = timedelta(microseconds=1)


def kept(*facts: Fact, before: dict[tuple[str, str, str], Sighting] | None = None) -> list[int]:
    """Return which of *facts* count."""
    stored = [Sequenced(seq=number, message_id="", event=fact) for number, fact in enumerate(facts)]
    return [fact.seq for fact in first_of_each(stored, before or {})[0]]


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
    before = {(FIRST.id, FIRST.tenant, FIRST.site): Sighting(FIRST.received_at, imported=False)}
    assert kept(theirs, before=before) == [0]


def test_what_was_seen_before_the_batch_counts_as_well():
    before = {(FIRST.id, FIRST.tenant, FIRST.site): Sighting(FIRST.received_at, imported=False)}
    assert kept(again(FIRST, timedelta(hours=1)), before=before) == []


async def test_ids_are_forgotten_only_when_every_partition_is_past_their_horizon(
    facts: Facts, tables: Tables, database_url: str, engine: AsyncEngine
):
    end = NOON + HORIZON + SLACK
    await facts.publish(pageview(at=NOON), pageview(at=NOON, batch="logs"), pageview(at=end - INSTANT))
    await project_all(facts, tables, database_url)
    assert await forget_ids(engine, now=datetime(2030, 1, 1, tzinfo=UTC)) == 0
    await facts.publish(pageview(at=end + INSTANT))
    await project_all(facts, tables, database_url)
    assert await forget_ids(engine, now=NOON) == 0
    assert await forget_ids(engine, now=datetime(2030, 1, 1, tzinfo=UTC)) == 1
    assert await tables.value("SELECT count(*) FROM seen_events WHERE imported") == 1


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
