"""A generation is made beside the one that is read, under load, and takes its place without any reader noticing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec import Struct
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.database import open_engine, sqlstate_of
from projections.generations import enter_current
from projections.projections import WEB
from projections.projector.rebuild import backfill
from tests.facts import traffic
from tests.faults.publishing import counted_once, publishing
from tests.projections.world import Facts, Tables, project_all, projecting, until, utc_now

READERS = 4
NO_SUCH_TABLE = "42P01"


class Page(Struct, frozen=True, kw_only=True):
    """What one transaction saw: which generation it entered, and at each look where it was and how much was there."""

    mark: str
    seen: tuple[tuple[str, int, int], ...]


@pytest.fixture
async def readers(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine as those have who answer."""
    engine = open_engine(database_url, isolation_level="REPEATABLE READ", pool_size=READERS)
    yield engine
    await engine.dispose()


LOOK = """
    SELECT split_part(relation.name, '.', 1), (SELECT count(*) FROM hits),
        (SELECT coalesce(sum(applied), 0) FROM {schema}.positions)
    FROM (SELECT nspname || '.' AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
          WHERE pg_class.oid = to_regclass('visits')) AS relation
"""


def look(schema: str) -> TextClause:
    """Return what says where the reader is and how much is there; each family has positions of its own."""
    return text(LOOK.format(schema=schema))


async def enter_web(connection: AsyncConnection) -> str:
    """Enter the current generations, and return the web's, which is the one that is made again here."""
    return next(mark for mark in (await enter_current(connection)).split() if mark.startswith("web_"))


async def read_page(readers: AsyncEngine) -> Page:
    """Read a page of several statements, with time between them for others to do what they do."""
    async with readers.connect() as connection:
        mark = await enter_web(connection)
        seen = []
        for _ in range(4):
            seen.append(tuple((await connection.execute(look(mark))).one()))
            await asyncio.sleep(0.02)
    return Page(mark=mark, seen=tuple(seen))


@asynccontextmanager
async def reading(readers: AsyncEngine) -> AsyncIterator[list[Page]]:
    """Read page after page for the length of the block."""
    pages: list[Page] = []
    stop = asyncio.Event()

    async def go_on() -> None:
        while not stop.is_set():
            pages.append(await read_page(readers))

    tasks = [asyncio.create_task(go_on()) for _ in range(READERS)]
    try:
        yield pages
    finally:
        stop.set()
        await asyncio.gather(*tasks)


@pytest.mark.long
async def test_it_is_swapped_under_load_and_no_page_fails_or_mixes_two(
    facts: Facts, tables: Tables, database_url: str, readers: AsyncEngine
):
    await facts.publish(*traffic(500, seed=1))
    await project_all(facts, tables, database_url)
    async with projecting(facts.nats_url, database_url) as running:
        async with publishing(facts) as published, reading(readers) as pages:
            for _ in range(3):
                await backfill(projections=(WEB,), nats_url=facts.nats_url, database_url=database_url, clock=utc_now)
            await tables.turn_to_current()
        await counted_once(tables, 500 + published.count)
        assert not running.done(), "the projectors came through every swap"
    marks = [page.mark for page in pages]
    assert {"web_g1", "web_g2", "web_g3"} <= set(marks) <= {f"web_g{number}" for number in range(1, 5)}
    for page in pages:
        assert len(set(page.seen)) == 1, "nothing changes within a page"
        schema, hits, applied = page.seen[0]
        assert schema == page.mark
        assert hits == applied, "what is counted and what is there are of one generation"
        assert hits >= 500, "what is read is complete"


async def test_its_rows_are_those_of_the_generation_before(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(300, seed=2))
    await project_all(facts, tables, database_url)
    before = await tables.digest()
    async with projecting(facts.nats_url, database_url):
        await backfill(projections=(WEB,), nats_url=facts.nats_url, database_url=database_url, clock=utc_now)
    assert await tables.turn_to_current() == "web_g2"
    assert await tables.digest() == before


async def test_a_generation_stays_until_its_last_reader_is_gone(
    facts: Facts, tables: Tables, database_url: str, readers: AsyncEngine
):
    await facts.publish(*traffic(20, seed=3))
    await project_all(facts, tables, database_url)
    async with projecting(facts.nats_url, database_url):
        async with readers.connect() as late:
            assert await enter_web(late) == "web_g1"
            rebuilding = asyncio.create_task(
                backfill(projections=(WEB,), nats_url=facts.nats_url, database_url=database_url, clock=utc_now)
            )
            await until(lambda: is_current(tables, "web_g2"), watching=rebuilding)
            await asyncio.sleep(1.5)  # longer than a projector takes to look round
            assert await late.scalar(text("SELECT count(*) FROM hits")) == 20, "the last reader still finds its tables"
            assert await is_there(tables, "web_g1")
        await rebuilding
        await until(lambda: is_gone(tables, "web_g1"))


async def is_current(tables: Tables, schema: str) -> bool:
    return bool(
        await tables.value("SELECT count(*) FROM public.generations WHERE schema_name = $1 AND state = 'current'", schema)
    )


async def is_there(tables: Tables, schema: str) -> bool:
    return bool(await tables.value("SELECT count(*) FROM pg_namespace WHERE nspname = $1", schema))


async def is_gone(tables: Tables, schema: str) -> bool:
    return not await is_there(tables, schema)


async def test_a_reader_that_does_not_enter_first_finds_nothing(readers: AsyncEngine):
    async with readers.connect() as connection:
        with pytest.raises(DBAPIError) as refused:
            await connection.execute(look("web_g1"))
    assert sqlstate_of(refused.value) == NO_SUCH_TABLE


async def test_a_reader_that_remembers_where_it_was_is_left_behind(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(20, seed=4))
    await project_all(facts, tables, database_url)
    remembering = open_engine(database_url, schema="web_g1")
    await backfill(projections=(WEB,), nats_url=facts.nats_url, database_url=database_url, clock=utc_now)
    async with remembering.connect() as connection:
        with pytest.raises(DBAPIError):
            await connection.execute(look("web_g1"))
    await remembering.dispose()
