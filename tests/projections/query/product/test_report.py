"""The report of telemetry says what a count by hand says, whatever order and batches the facts came in."""

import random
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import ActionRecorded
from projections.database import open_engine
from projections.query.caller import only_caller
from projections.query.product.report import EDGES_MS, Report, Window, report
from projections.read_models import runs
from projections.read_models import telemetry as counts
from projections.read_models.telemetry import What
from projections.stream.item import Sequenced
from tests.facts_product import SITE, action
from tests.projections.telemetry import FIRST, NOW, Counted, telemetry
from tests.projections.world import chunks, read_generation

WINDOW = Window(first=FIRST, last=FIRST + timedelta(days=6), now=NOW)


@pytest.fixture
async def product(database_url: str):
    engine = open_engine(database_url, schema=(await read_generation(database_url, "product")).schema)
    yield engine
    await engine.dispose()


async def tell(engine: AsyncEngine, facts: Sequence[ActionRecorded], *sizes: int) -> None:
    """Fold *facts* in batches of *sizes*, the last size for whatever is left."""
    numbered = [Sequenced(seq=number, message_id=fact.id, event=fact) for number, fact in enumerate(facts, start=1)]
    for batch in chunks(numbered, sizes):
        async with engine.begin() as connection:
            await counts.upsert(connection, batch)
            await runs.upsert(connection, batch)


async def asked(engine: AsyncEngine, window: Window = WINDOW) -> Report:
    async with engine.connect() as connection:
        return await report(connection, only_caller("main"), SITE, window)


async def test_every_number_is_that_of_a_count_by_hand(product: AsyncEngine):
    facts = list(telemetry(900, seed=7))
    await tell(product, facts, 1, 10, 200)
    said, by_hand = await asked(product), Counted(facts)
    assert said.total == len(facts)
    assert said.counts[What.EVENT] == by_hand.tops(fact.name for fact in facts)
    assert said.counts[What.OS] == by_hand.tops(fact.app.os for fact in facts)
    assert said.counts[What.VERSION] == by_hand.tops(fact.app.version for fact in facts)
    assert said.counts[What.COUNTRY] == by_hand.tops(fact.place.country for fact in facts)
    assert said.counts[What.EXIT] == by_hand.tops(str(fact.exit_code or 0) for fact in by_hand.ends)
    assert said.counts[What.OUTPUT] == by_hand.tops(fact.props.get("cumulativeBytesBucket", "-") for fact in by_hand.ends)
    assert said.counts[What.EXCEPTION] == by_hand.tops(fact.props["exceptionHash"] for fact in by_hand.named("java.run.error"))
    assert said.hits == by_hand.tops(fact.occurred_at.date() for fact in facts)
    assert said.hours == tuple(sum(fact.occurred_at.hour == hour for fact in facts) for hour in range(24))
    assert said.days_of_week[0] == sum(fact.occurred_at.weekday() == 6 for fact in facts)
    assert sum(said.days_of_week) == len(facts)


async def test_people_are_told_apart_by_day_hour_and_country(product: AsyncEngine):
    facts = list(telemetry(500, seed=8))
    await tell(product, facts, 3, 100)
    people, by_hand = (await asked(product)).visitors, Counted(facts)
    assert people.total == by_hand.people(facts)
    days = {fact.occurred_at.date() for fact in facts}
    assert people.by_day == {day: by_hand.people(f for f in facts if f.occurred_at.date() == day) for day in days}
    assert people.by_hour == tuple(by_hand.people(f for f in facts if f.occurred_at.hour == hour) for hour in range(24))
    countries = {fact.place.country for fact in facts}
    assert people.by_country == {place: by_hand.people(f for f in facts if f.place.country == place) for place in countries}


async def test_shares_and_durations_are_those_of_the_programs_that_ended(product: AsyncEngine):
    facts = list(telemetry(700, seed=9))
    await tell(product, facts, 50)
    said, by_hand = await asked(product), Counted(facts)
    started, ends = len(by_hand.named("java.run.started")), by_hand.ends
    compiled = sum(fact.props["phase"] == "compile" for fact in by_hand.named("java.run.error"))
    assert said.compile_errors == (compiled, compiled / started)
    assert said.runtime_errors[0] == len(by_hand.named("java.run.error")) - compiled
    assert said.interactive == sum(fact.props["scannerUsage"] is True for fact in ends) / len(ends)
    assert said.truncated == sum(fact.props["truncatedOutput"] is True for fact in ends) / len(ends)
    durations = [fact.duration_ms for fact in ends if fact.duration_ms is not None]
    assert (said.durations.count, said.durations.median, said.durations.p90) == (
        len(durations),
        by_hand.percentile(0.5),
        by_hand.percentile(0.9),
    )
    assert said.durations.mean_wait_ms == pytest.approx(by_hand.mean_wait())
    above = [sum(ms >= edge for ms in durations) for edge in EDGES_MS] + [0]
    assert said.durations.histogram == tuple(more - less for more, less in pairwise(above))


async def test_any_order_and_any_batching_leave_the_same_rows(product: AsyncEngine):
    facts = list(telemetry(300, seed=10))
    seen = []
    for seed, sizes in ((1, (1, 7, 40)), (2, (300,))):
        async with product.begin() as connection:
            for erase in (counts.erase_site, runs.erase_site):
                await erase(connection, "main", SITE)
        shuffled = random.Random(seed).sample(facts, len(facts))
        await tell(product, shuffled, *sizes)
        async with product.connect() as connection:
            seen.append(
                [sorted(map(tuple, await connection.execute(table.select()))) for table in (*counts.MODEL.tables, runs.RUNS)]
            )
    assert seen[0] == seen[1]
    assert all(seen[0])


async def test_a_window_ends_with_its_last_day_and_what_was_ever_installed_does_not(product: AsyncEngine):
    early = action("install.created", at=NOW - timedelta(days=30))
    await tell(product, [early, action("install.created", at=NOW), action("app.started", at=NOW)])
    said = await asked(product, Window(first=NOW.date(), last=NOW.date(), now=NOW))
    assert (said.total, said.events("install.created"), said.installs_ever) == (2, 1, 2)
    assert (await asked(product, Window(first=date(2020, 1, 1), last=date(2020, 1, 2), now=NOW))).total == 0


async def test_a_session_is_one_run_however_much_it_did(product: AsyncEngine):
    run = {"session": "5e" * 16}
    start = NOW - timedelta(minutes=5)
    await tell(product, [action("java.run.started", at=start, **run)])
    assert (await asked(product)).active == 1
    end = action(
        "java.run.completed",
        at=NOW,
        duration_ms=300_000,
        exit_code=0,
        props={"scannerUsage": True, "cumulativeBytesBucket": "0-1KB"},
        **run,
    )
    await tell(product, [end, action("java.run.completed", at=NOW, exit_code=130, duration_ms=10)])
    said = await asked(product)
    assert said.active == 0
    (recent,) = said.recent
    assert (recent.started_at.astimezone(UTC), recent.is_completed, recent.exit_code) == (start, True, 0)
    assert [(each.duration_ms, each.is_interactive, each.output) for each in said.successes] == [(300_000, True, "0-1KB")]
    assert [(each.duration_ms, each.exit_code) for each in said.frustrated] == [(10, 130)]


async def test_nobody_who_is_erased_is_in_any_row(product: AsyncEngine):
    facts = list(telemetry(100, seed=11))
    await tell(product, facts)
    async with product.begin() as connection:
        for erase in (counts.erase_subject, runs.erase_subject):
            assert await erase(connection, "main", SITE, facts[0].subject) > 0
    people = (await asked(product)).visitors
    assert people.total == Counted(facts).people(facts) - 1
