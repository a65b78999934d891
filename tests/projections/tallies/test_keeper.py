"""Every line that a run has told is kept once, whatever becomes of stream, database, order or neighbours."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from contracts.tallies import KEPT_DAYS, Ending
from projections.database import open_engine
from projections.tallies.tables import keep
from tests.conftest import run_sql
from tests.projections.tallies.telling import NOW, OTHER_RUN, Tallies, head, keeping, line, part, tallies_on
from tests.projections.world import until

Rows = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]


@pytest.fixture
async def tallies(stream_free_nats: str) -> AsyncIterator[Tallies]:
    async with tallies_on(stream_free_nats) as made:
        yield made


async def kept(database_url: str) -> Rows:
    """Return every line and every run, as anybody with psql would see them."""
    connection = await asyncpg.connect(database_url)
    try:
        lines = await connection.fetch("SELECT * FROM tallies ORDER BY run, part, tenant, site, dialect, ending, reason")
        runs = await connection.fetch("SELECT * FROM tally_runs ORDER BY run")
        return [tuple(row) for row in lines], [tuple(row) for row in runs]
    finally:
        await connection.close()


async def hits(database_url: str) -> int:
    connection = await asyncpg.connect(database_url)
    try:
        return int(await connection.fetchval("SELECT coalesce(sum(hits), 0) FROM tallies"))
    finally:
        await connection.close()


async def test_what_was_told_is_kept_and_looking_again_changes_nothing(
    tallies: Tallies, stream_free_nats: str, database_url: str
):
    await tallies.tell(head(), part(line(3), line(2, Ending.DROPPED, "unknown_site", site="shpo.example")))
    async with keeping(stream_free_nats, database_url) as keeper:
        await keeper.look(NOW)
        before = await kept(database_url)
        assert (len(before[0]), len(before[1]), await hits(database_url)) == (2, 1, 5)
        await keeper.look(NOW + timedelta(minutes=1))
        assert await kept(database_url) == before
        await tallies.tell(part(line(4), line(2, Ending.DROPPED, "unknown_site", site="shpo.example")), head(ended=True))
        await keeper.look(NOW + timedelta(minutes=2))
        assert await hits(database_url) == 6


async def test_before_anybody_has_told_anything_there_is_nothing_to_read_and_no_trouble(
    stream_free_nats: str, database_url: str
):
    async with keeping(stream_free_nats, database_url) as keeper:
        await keeper.look(NOW)
        assert await kept(database_url) == ([], [])
        async with tallies_on(stream_free_nats) as made:
            await made.tell(head(), part(line(1)))
            await keeper.look(NOW)
        assert await hits(database_url) == 1


async def test_a_dropped_database_has_the_same_rows_again(tallies: Tallies, stream_free_nats: str, database_url: str):
    await tallies.tell(head(), part(line(3)), head(run=OTHER_RUN, ended=True), part(line(9), run=OTHER_RUN, number=7))
    async with keeping(stream_free_nats, database_url) as keeper:
        await keeper.look(NOW)
        before = await kept(database_url)
        await run_sql(database_url, "TRUNCATE tallies, tally_runs, tally_reading")
        await keeper.look(NOW)
        assert await kept(database_url) == before


async def test_a_stream_that_was_purged_or_made_again_takes_nothing_away(
    tallies: Tallies, stream_free_nats: str, database_url: str
):
    async with keeping(stream_free_nats, database_url) as keeper:
        await tallies.tell(*(part(line(number), number=number) for number in range(1, 4)))
        await keeper.look(NOW)
        await tallies.purge()
        await keeper.look(NOW)
        await tallies.tell(part(line(10), number=3))
        await keeper.look(NOW)
        assert await hits(database_url) == 13
        await tallies.take_away()
        await keeper.look(NOW)
        await tallies.make()
        await tallies.tell(part(line(2), number=3), part(line(20), number=9))
        await keeper.look(NOW)
        assert await hits(database_url) == 33, "of a line that is told again the greatest count holds"


async def test_the_order_in_which_it_is_read_changes_nothing(database_url: str):
    engine = open_engine(database_url)
    told = [head(at=NOW + timedelta(seconds=count), ended=count == 9) for count in range(10)]
    told += [part(line(count, Ending.UNAVAILABLE, "stream_timeout", landed=count // 2), line(1)) for count in range(1, 10)]
    rows = []
    for seed in range(4):
        random.Random(seed).shuffle(told)
        await run_sql(database_url, "TRUNCATE tallies, tally_runs")
        for first in range(0, len(told), seed + 1):
            async with engine.begin() as connection:
                await keep(connection, told[first : first + seed + 1])
        rows.append(await kept(database_url))
    assert rows.count(rows[0]) == len(rows)
    assert rows[0][1][0][-2:] == (NOW + timedelta(seconds=9), True)
    await engine.dispose()


async def test_what_is_no_tally_of_ours_holds_nothing_up(
    tallies: Tallies, stream_free_nats: str, database_url: str, caplog: pytest.LogCaptureFixture
):
    await tallies.write("tallies.theirs", b"canary{")
    await tallies.write("tallies.nul", b'{"type":"tally_head.v1","run":"0123456789abcdef","version":"\\u0000"}')
    twice = part(line(1), line(2))
    await tallies.tell(head(), twice)
    async with keeping(stream_free_nats, database_url) as keeper:
        await keeper.look(NOW)
    assert await hits(database_url) == 2, "a line that stands twice is one"
    assert "left out" in caplog.text
    assert "canary" not in caplog.text


async def test_what_the_stream_forgets_for_its_age_is_forgotten_here(
    database_url: str, tallies: Tallies, stream_free_nats: str
):
    old = NOW - timedelta(days=KEPT_DAYS, hours=1)
    await tallies.tell(head(at=old), part(line(5), at=old), head(run=OTHER_RUN), part(line(1), run=OTHER_RUN))
    async with keeping(stream_free_nats, database_url) as keeper:
        await keeper.look(NOW)
        await keeper.look(NOW + timedelta(hours=2))
    assert await hits(database_url) == 1
    assert len((await kept(database_url))[1]) == 1


async def test_two_that_keep_one_database_keep_what_one_would(tallies: Tallies, stream_free_nats: str, database_url: str):
    async with keeping(stream_free_nats, database_url) as one, keeping(stream_free_nats, database_url) as other:
        for count in range(1, 6):
            await tallies.tell(head(at=NOW + timedelta(seconds=count)), *(part(line(count), number=n) for n in range(9)))
            await asyncio.gather(one.look(NOW), other.look(NOW))
    assert await hits(database_url) == 45


async def test_it_comes_through_missing_tables_and_says_so_once(
    stream_free_nats: str,
    tallies: Tallies,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("projections.tallies.keeper.LOOK_SECONDS", 0.05)
    await tallies.tell(head(), part(line(3)))
    await run_sql(database_url, "ALTER TABLE tallies RENAME TO elsewhere")
    stop = asyncio.Event()
    async with keeping(stream_free_nats, database_url) as keeper:
        running = asyncio.create_task(keeper.run(stop, clock=lambda: NOW))

        async def is_in_trouble() -> bool:
            return "a table is missing" in keeper.trouble

        async def is_kept() -> bool:
            return await hits(database_url) == 3

        await until(is_in_trouble, watching=running)
        await run_sql(database_url, "ALTER TABLE elsewhere RENAME TO tallies")
        await until(is_kept, watching=running)
        stop.set()
        await running
        assert caplog.text.count("the tallies cannot be read") == 1
