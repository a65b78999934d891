"""A family that the product has never heard of is projected beside the web's, and its defects are its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from msgspec.structs import replace

from projections.migrations import is_current, migrate
from projections.projections import WEB
from projections.projector.projection import Projection
from projections.projector.projectors import Projectors
from projections.projector.rebuild import HistoryWouldBeLost, Progress, backfill
from tests.facts import pageview, traffic
from tests.projections.toy import CODEC, MODEL, STREAM, TOY, opened, vote
from tests.projections.world import CHECK, Facts, Tables, connect_to_tables, until, utc_now

BOTH = (WEB, TOY)
POLLS = "SELECT poll, title, votes FROM polls ORDER BY poll"


@pytest.fixture
async def database_url(postgres_url: str) -> str:
    """The address of a database with empty tables of both."""
    await migrate(postgres_url, BOTH)
    assert await is_current(postgres_url, BOTH)
    return postgres_url


@pytest.fixture
async def votes(stream_free_nats: str) -> AsyncIterator[Facts]:
    """An empty stream of the toy family."""
    async with Facts(stream_free_nats, STREAM, CODEC) as stream:
        yield stream


@pytest.fixture
async def polls(database_url: str) -> AsyncIterator[Tables]:
    """The toy family's tables."""
    connection: asyncpg.Connection = await connect_to_tables(database_url, "toy")
    yield Tables(connection, TOY)
    await connection.close()


@asynccontextmanager
async def both_running(
    votes: Facts, database_url: str, *projections: Projection
) -> AsyncIterator[tuple[Projectors, asyncio.Task[None]]]:
    stop = asyncio.Event()
    async with Projectors(nats_url=votes.nats_url, database_url=database_url, projections=projections) as projectors:
        running = asyncio.create_task(projectors.run(stop, clock=utc_now))
        try:
            yield projectors, running
        finally:
            stop.set()
            await running


async def reached(tables: Tables, count: int) -> bool:
    return await tables.dealt_with() >= count


async def test_it_is_projected_beside_the_web(facts: Facts, votes: Facts, tables: Tables, polls: Tables, database_url: str):
    await facts.publish(*traffic(50, seed=1))
    again = vote("tea")
    await votes.publish(vote("tea"), opened("tea", "Tea or coffee?"), again, vote("cats"))
    await votes.repeat(again)
    async with both_running(votes, database_url, *BOTH) as (_, running):
        await until(lambda: reached(tables, 50), watching=running)
        await until(lambda: reached(polls, 5), watching=running)
    assert await polls.rows(POLLS) == [
        {"poll": "cats", "title": None, "votes": 1},
        {"poll": "tea", "title": "Tea or coffee?", "votes": 2},
    ]
    assert await polls.rows("SELECT applied, duplicates, quarantined FROM positions") == [
        {"applied": 4, "duplicates": 1, "quarantined": 0}
    ]
    assert await tables.count("hits") == 50


async def test_its_newer_version_stops_it_and_not_the_web(
    facts: Facts, votes: Facts, tables: Tables, polls: Tables, database_url: str
):
    await votes.publish(vote("tea"))
    await votes.store(b'{"type": "vote_cast.v9"}', votes.subject_for(vote("tea")), "newer")
    async with both_running(votes, database_url, *BOTH) as (projectors, running):

        async def has_stopped() -> bool:
            return "install a newer version" in projectors.checks().get("projection toy/1/0", "")

        await until(has_stopped, watching=running)
        await facts.publish(*traffic(50, seed=2))
        await until(lambda: reached(tables, 50), watching=running)
        assert projectors.checks()[CHECK] == ""
    assert await polls.dealt_with() == 1


async def test_a_defect_in_its_fold_holds_up_itself_alone(
    facts: Facts, votes: Facts, tables: Tables, polls: Tables, database_url: str
):
    async def falls_over(*_: object) -> None:
        raise ZeroDivisionError

    broken = replace(TOY, models=(replace(MODEL, upsert=falls_over),))
    await votes.publish(vote("tea"))
    async with both_running(votes, database_url, WEB, broken) as (projectors, running):

        async def says_so() -> bool:
            return "ZeroDivisionError" in projectors.checks().get("projection toy/1/0", "")

        await until(says_so, watching=running)
        await facts.publish(pageview())
        await until(lambda: reached(tables, 1), watching=running)
    assert await polls.dealt_with() == 0
    async with both_running(votes, database_url, *BOTH) as (_, running):
        await until(lambda: reached(polls, 1), watching=running)


async def test_its_history_is_not_lost_unasked_though_no_hit_is_in_it(votes: Facts, polls: Tables, database_url: str):
    await votes.publish(vote("tea"), vote("cats"))
    async with both_running(votes, database_url, TOY) as (_, running):
        await until(lambda: reached(polls, 2), watching=running)
    await votes.delete_stream()
    await votes.create_stream()
    await votes.publish(vote("dogs"))
    again = {"nats_url": votes.nats_url, "database_url": database_url, "clock": utc_now, "projections": [TOY]}
    with pytest.raises(HistoryWouldBeLost):
        await backfill(**again)
    assert await polls.count("polls") == 2
    assert await backfill(**again, accept_loss=True) == Progress(done=1, total=1)
    assert await polls.turn_to_current() == "toy_g2"
    assert await polls.rows(POLLS) == [{"poll": "dogs", "title": None, "votes": 1}]
