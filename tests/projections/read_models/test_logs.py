"""Lines of logs become the same rows and the same counts in any order and any batching, and a deleted site's are gone."""

import random
from collections import Counter

import pytest

from projections.projections import LOGS
from projections.read_models import log_counts, logs
from projections.read_models.logs import COLUMNS, fold
from projections.stream.item import Sequenced
from tests.projections.log_lines import SITE, line, lines
from tests.projections.world import Tables, Teller, chunks, connect_to_tables

LINES = "SELECT * FROM logs ORDER BY event_id"
COUNTS = "SELECT * FROM log_counts ORDER BY site, hour, kind, priority"


async def rows_after(database_url: str, batches: list[list]) -> tuple[list, list]:
    """Return what the tables hold after *batches*, but for where each line stood in the stream."""
    teller = Teller(database_url, LOGS)
    for batch in batches:
        await teller.tell(*batch)
    await teller.close()
    tables = Tables(await connect_to_tables(database_url, "logs"), LOGS)
    told = [{name: value for name, value in row.items() if name != "seq"} for row in await tables.rows(LINES)]
    counted = await tables.rows(COUNTS)
    await tables.connection.execute("TRUNCATE logs, log_counts, seen_events")
    await tables.connection.close()
    return told, counted


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_order_and_any_batching_leave_the_same_rows(database_url: str, seed: int):
    facts = list(lines(200, seed=seed))
    once = await rows_after(database_url, [facts])
    random.Random(seed).shuffle(facts)
    again = await rows_after(database_url, chunks([*facts, *facts[:20]], [7, 1, 60, 13, 41]))
    assert again == once
    assert len(once[0]) == sum(row["lines"] for row in once[1]) == 200


async def test_a_line_lies_in_the_month_in_which_it_was_received_whenever_it_happened(database_url: str):
    teller = Teller(database_url, LOGS)
    await teller.tell(line(occurred_at=line().occurred_at.replace(year=1999)))
    await teller.close()
    connection = await connect_to_tables(database_url, "logs")
    assert await connection.fetchval("SELECT count(*) FROM logs_2026_11") == 1
    await connection.close()


async def test_the_lines_and_counts_of_a_deleted_site_are_gone_and_no_others(database_url: str):
    teller = Teller(database_url, LOGS)
    await teller.tell(*lines(60, seed=3))
    assert teller._engine is not None
    async with teller._engine.begin() as session:
        gone = [await model.erase_site(session, "main", SITE) for model in LOGS.models if model.erase_site]
    connection = await connect_to_tables(database_url, "logs")
    left = [await connection.fetch(f"SELECT DISTINCT site FROM {table.name}") for table in LOGS.tables]
    await connection.close()
    await teller.close()
    assert all(gone)
    assert [[row["site"] for row in each] for each in left] == [["other.example"]] * 2


def test_a_row_has_a_value_for_every_column():
    (row,) = fold([Sequenced(seq=7, message_id="x", event=line(sequence=3, props={"a": 1}, key="k"))])
    assert dict(zip(COLUMNS, row, strict=True)) | {"seq": 7, "sequence": 3, "props": '{"a":1}', "device": None} == dict(
        zip(COLUMNS, row, strict=True)
    )


def test_counts_add_up():
    facts = [Sequenced(seq=number, message_id="", event=fact) for number, fact in enumerate(lines(50, seed=4))]
    apart: Counter[log_counts.Hour] = Counter()
    for fact in facts:
        apart += log_counts.fold([fact])
    assert apart == log_counts.fold(facts)


def test_every_table_of_logs_says_whose_its_rows_are():
    assert all({"tenant", "site"} <= set(table.columns.keys()) for table in LOGS.tables)
    assert logs.MODEL in LOGS.models
