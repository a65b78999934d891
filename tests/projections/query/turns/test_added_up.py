"""What is added up says what the facts say: whatever a range cuts, in whatever order and batches they came, however often."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.local.postgres import PostgresServer
from contracts.events.turns import TurnEvent, VoteCast
from projections.database import open_engine
from projections.projections import TURNS
from projections.query.turns import facts, passages, people, quality, settled, trend, votes
from projections.query.turns.quality import By
from projections.query.turns.window import Window
from projections.read_models.turn_facts import KIND_OF
from tests.conftest import run_sql
from tests.projections.world import Teller, chunks, read_generation
from tests.turns import NOON, action, completed, talk, vote

pytestmark = pytest.mark.asyncio(loop_scope="module")

SITE = "site-0.example"
EVERYTHING = Window(tenant="main", site=SITE)
HERE: dict[str, Any] = {"site": SITE}
MIDNIGHT = datetime(2026, 11, 1, tzinfo=UTC)
# Bounds that cut an hour or a day or neither, at the turn of a month and away from it; None is no bound.
BOUNDS: list[tuple[datetime | None, datetime | None]] = [
    (None, None),
    (MIDNIGHT, None),
    (None, MIDNIGHT),
    (MIDNIGHT - timedelta(days=9, minutes=17), None),
    (None, MIDNIGHT + timedelta(days=9, hours=3, seconds=1)),
    (MIDNIGHT - timedelta(days=3, minutes=1), MIDNIGHT + timedelta(days=12, microseconds=1)),
    (MIDNIGHT + timedelta(days=2), MIDNIGHT + timedelta(days=3)),
    (MIDNIGHT + timedelta(days=2, hours=7), MIDNIGHT + timedelta(days=2, hours=9)),
    (MIDNIGHT + timedelta(days=5, minutes=20), MIDNIGHT + timedelta(days=5, minutes=50)),
    (MIDNIGHT - timedelta(minutes=40), MIDNIGHT + timedelta(minutes=40)),
    (MIDNIGHT - timedelta(days=20, hours=5), MIDNIGHT - timedelta(days=2, hours=1)),
]
TOLD: list[TurnEvent] = [
    *talk(1200, seed=21),
    # At midnight, on the hour, just before it, in another half of the same one, and of no turn.
    *(
        vote("turn-1", value, at=MIDNIGHT + late, comment="Fine", **HERE)
        for value, late in ((1, timedelta()), (0.25, -timedelta.resolution))
    ),
    *(vote("", -1, at=MIDNIGHT + timedelta(days=5, minutes=minute), **HERE) for minute in (0, 19, 20, 49, 50)),
    *(completed("turn-1", 12_345 + minute, at=MIDNIGHT + timedelta(minutes=minute), model="b", **HERE) for minute in (-30, 30)),
    action("copied", at=MIDNIGHT, **HERE),
]
SUBJECTS = tuple({fact.subject for fact in TOLD})


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def connection(session_postgres: PostgresServer, empty_tables: str) -> AsyncIterator[AsyncConnection]:
    """The facts in no order, in batches of all sizes, and every third of them once more in a later batch."""
    await run_sql(session_postgres.url, f"CREATE DATABASE told_of_turns TEMPLATE {empty_tables}")
    database_url = session_postgres.url_of("told_of_turns")
    chance, teller = random.Random(5), Teller(database_url, TURNS)
    shuffled = chance.sample(TOLD, len(TOLD))
    for batch in chunks([*shuffled, *shuffled[::3]], [1, 2, 300, 7]):
        await teller.tell(*batch)
    await teller.close()
    schema = (await read_generation(database_url, "turns")).schema
    engine = open_engine(database_url, schema=schema)
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()
    await run_sql(session_postgres.url, "DROP DATABASE told_of_turns WITH (FORCE)")


async def answers(connection: AsyncConnection, window: Window) -> dict[str, Any]:
    return {
        "count": await facts.count(connection, window),
        "count of some": await facts.count(connection, window, facts.Chosen(kinds=frozenset({facts.Kind.FAILED}))),
        "kinds": await facts.count_by_kind(connection, window),
        "subjects": await people.count_subjects(connection, window),
        "askers": await people.askers(connection, window),
        "subjects and askers": await people.count_askers(connection, window),
        "voters": await people.voters(connection, window),
        "hours": await settled.settled_by_hour(connection, window),
        "times": await settled.times(connection, window),
        "errors": await settled.errors(connection, window),
        "feedback": await settled.feedback(connection, window),
        "votes": await votes.votes_by_hour(connection, window),
        "voted turns": await votes.voted_turns(connection, window),
        "conversations": await passages.conversations(connection, window),
        "journeys": await passages.journeys(connection, window),
        "quality": await quality.timed_apart(connection, window, list(By)),
    }


@pytest.mark.parametrize("bounds", BOUNDS, ids=range(len(BOUNDS)))
async def test_sums_and_facts_give_the_same_answers(
    connection: AsyncConnection, bounds: tuple[datetime | None, datetime | None]
):
    window = replace(EVERYTHING, since=bounds[0], until=bounds[1])
    # Of some people alone nothing is added up: of all of them, the facts themselves answer.
    from_facts = replace(window, subjects=SUBJECTS)
    assert from_facts.is_narrow
    assert not window.is_narrow
    assert await answers(connection, window) == await answers(connection, from_facts)
    moving, moved = [await trend.trend(connection, each, now=NOON) for each in (window, from_facts)]
    assert moving == replace(moved, weighted=moving.weighted)
    assert moving.weighted == pytest.approx(moved.weighted, rel=1e-9)


@pytest.mark.parametrize("bounds", BOUNDS, ids=range(len(BOUNDS)))
async def test_sums_are_those_of_a_hand_count(connection: AsyncConnection, bounds: tuple[datetime | None, datetime | None]):
    since, until = bounds[0] or datetime.min.replace(tzinfo=UTC), bounds[1] or datetime.max.replace(tzinfo=UTC)
    theirs = [fact for fact in TOLD if fact.site == SITE and since <= fact.occurred_at < until]
    window = replace(EVERYTHING, since=bounds[0], until=bounds[1])
    kinds = Counter(KIND_OF[type(fact)] for fact in theirs)
    assert Counter({kind: count for kind, _, count in await facts.count_by_kind(connection, window)}) == kinds
    assert await people.count_subjects(connection, window) == len({fact.subject for fact in theirs})
    cast = sorted(
        ((fact.occurred_at, fact.id, fact.value) for fact in theirs if isinstance(fact, VoteCast)), key=lambda one: one[:2]
    )
    ups = [value is not None and value > 0 for _, _, value in cast]
    half = len(ups) // 2
    moving = await trend.trend(connection, window, now=NOON)
    assert [moving.votes, moving.ups, moving.earlier] == [len(ups), sum(ups), sum(ups[:half]) / half if half else 0]
    assert moving.later == (sum(ups[half:]) / (len(ups) - half) if ups else 0)
    weights = [max(0.01, 0.5 ** ((NOON - at) / timedelta(days=7))) for at, _, _ in cast]
    weighted = sum(weight for weight, up in zip(weights, ups, strict=True) if up) / sum(weights) if ups else 0
    assert moving.weighted == pytest.approx(weighted, rel=1e-5)
    valued = [value for _, _, value in cast if value is not None]
    hours = await votes.votes_by_hour(connection, window)
    assert [sum(hour.votes for hour in hours), sum(hour.total for hour in hours)] == [len(valued), sum(valued)]


async def test_a_late_vote_and_a_later_end_move_what_was_counted(database_url: str):
    teller = Teller(database_url, TURNS)
    engine = open_engine(database_url, schema=(await read_generation(database_url, "turns")).schema)
    day = timedelta(days=1)
    first, second = (replace(EVERYTHING, since=NOON + n * day, until=NOON + (n + 1) * day) for n in (0, 1))

    async def counted() -> list[tuple[int, int, int, float | None]]:
        found = []
        async with engine.connect() as connection:
            for window in (first, second):
                whole, apart = await quality.timed_apart(connection, window, [By.MODEL])
                assert sum(row.turns for row in apart[By.MODEL]) == whole.turns
                found.append((whole.turns, whole.voted, whole.ups, whole.median_ms))
        return found

    await teller.tell(vote("t1", 1, at=NOON - 9 * day, **HERE))
    await teller.tell(completed("t1", 250, at=NOON + timedelta(hours=13), model="a", **HERE))
    assert await counted() == [(1, 1, 1, 250), (0, 0, 0, None)]
    late = vote("t1", 1, at=NOON + 30 * day, **HERE)
    await teller.tell(late)
    await teller.tell(late)
    assert await counted() == [(1, 1, 2, 250), (0, 0, 0, None)]
    await teller.tell(completed("t1", 1234, at=NOON + day + timedelta(hours=2), model="b", **HERE))
    assert await counted() == [(0, 0, 0, None), (1, 1, 2, 1240)]
    await teller.close()
    await engine.dispose()
