"""What many sites by turns have left half empty is packed beside everybody, and no row is another."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.projector.months import Months
from projections.projector.packing import entry_bytes, pack
from projections.stream.item import Sequenced
from tests.facts import pageview
from tests.projections.world import MODELS, Tables, until

MONTH = datetime(2026, 9, 1, tzinfo=UTC)
# What many sites send by turns for two weeks, a few rows a second.
BY_TURNS = """
    INSERT INTO coded_hits (occurred_at, event_id, tenant, site, page, client, origin, name, seq, received_at, visitor, kind,
                            bot, interactive, engaged_ms, scroll_percent)
    SELECT at, gen_random_uuid(), 1, number % 20, 1, 1, 1, 0, number, at, number, 1, false, false, 0, 0
    FROM generate_series(1, 20000) AS number, LATERAL (SELECT timestamptz '2026-09-01Z' + number * interval '50 s' AS at) AS one
    ORDER BY number
"""
INDEXES = """
    SELECT indexname AS name, pg_relation_size(quote_ident(schemaname) || '.' || quote_ident(indexname)) AS bytes
    FROM pg_indexes WHERE tablename = 'coded_hits_2026_09' ORDER BY 1
"""


@pytest.fixture
async def filled(tables: Tables, engine: AsyncEngine) -> Tables:
    """Tables with a month of many sites."""
    await Months(engine, MODELS).prepare_for([Sequenced(seq=1, message_id="", event=pageview(at=MONTH))])
    await tables.connection.execute(BY_TURNS)
    await tables.connection.execute("VACUUM (ANALYZE) coded_hits")
    return tables


async def sizes(tables: Tables) -> dict[str, int]:
    return {row["name"]: row["bytes"] for row in await tables.rows(INDEXES)}


async def packed(database_url: str, *, least: int = 0) -> list[str]:
    return [name.split(".")[1] for name in await pack(database_url, "web_g1", least=least)]


async def test_a_loose_month_is_packed_once_and_says_what_it_said(filled: Tables, database_url: str):
    before, digest = await sizes(filled), await filled.digest()
    loose = await packed(database_url)
    assert len(loose) == 2, "by time and by page; there are no events to have names"
    after = await sizes(filled)
    assert {name for name in before if after[name] * 4 < before[name] * 3} == set(loose)
    assert await filled.digest() == digest
    assert await packed(database_url) == []


@pytest.mark.usefixtures("filled")
async def test_what_is_small_is_left_alone(database_url: str):
    assert await packed(database_url, least=1 << 30) == []


async def test_readers_and_writers_go_on_meanwhile(filled: Tables, database_url: str):
    async with asyncio.timeout(30):
        packing = asyncio.create_task(packed(database_url))
        while not packing.done():
            await filled.connection.execute("UPDATE positions SET seq = seq")
            await asyncio.sleep(0)
    assert len(await packing) == 2


async def test_what_was_killed_in_the_middle_is_cleared_away_first(filled: Tables, database_url: str):
    await filled.connection.execute("CREATE INDEX x_ccnew ON coded_hits_2026_09 (seq)")
    await filled.connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'x_ccnew'::regclass")
    await packed(database_url)
    assert "x_ccnew" not in await sizes(filled)


@pytest.mark.usefixtures("filled")
async def test_of_two_one_packs(database_url: str):
    both = await asyncio.gather(packed(database_url), packed(database_url))
    assert sorted(map(len, both)) == [0, 2]


@pytest.mark.parametrize(
    ("lengths", "alignments", "has_nulls", "size"),
    [
        ([4, 8, 8, 4, 4, 4, 2, 1], "iddiiisc", False, 52),
        ([4, 8], "id", False, 28),
        ([4, 4, 8, 4, 1], "iidic", True, 44),
        ([1], "c", False, 20),
        ([4, -1], "ii", False, 0),
    ],
)
def test_an_entry_takes_a_header_its_columns_where_they_may_begin_and_its_place(
    lengths: list[int], alignments: str, *, has_nulls: bool, size: int
):
    assert entry_bytes(lengths, alignments, has_nulls=has_nulls) == size


async def test_who_waits_for_a_long_reader_leaves_when_told_to_and_the_next_one_clears_up(filled: Tables, database_url: str):
    await filled.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    await filled.count("coded_hits")
    packing = asyncio.create_task(packed(database_url))
    watching = await asyncpg.connect(database_url)

    async def is_made_beside() -> bool:
        return bool(await watching.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid"))

    await until(is_made_beside)
    packing.cancel()
    async with asyncio.timeout(10):
        await asyncio.wait({packing})
    assert packing.cancelled()
    await filled.connection.execute("ROLLBACK")
    assert len(await packed(database_url)) == 2
    assert not await is_made_beside()
    await watching.close()
