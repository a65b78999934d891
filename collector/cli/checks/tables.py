"""Searching Postgres: the tables' columns, their types, and every text in them."""

from collections.abc import AsyncIterator, Callable

from collector.cli.checks.finding import Finding, bad, good, odd, sentence
from collector.cli.checks.suspects import Suspects
from projections.database import POSTGRES_ERRORS, advice_for, open_engine
from projections.inspection import Session, StoredTable, count_rows, stored_tables, texts

_ADDRESS_TYPES = frozenset({"inet", "cidr", "macaddr", "macaddr8"})
_NO_ADDRESS = (
    "No table of ours has one: another program made it, or somebody added it. No number is made of it. A table of your own "
    "belongs into another database; ours are made anew, without it, by `collector backfill`."
)
_NO_PERSON = (
    "Our tables are made from the stream: mend it there first (see what is said of it), then run `collector backfill`. "
    "A table of your own is yours to mend."
)


async def examine_tables(
    database_url: str, *, limit: int | None, progress: Callable[[int, int], None]
) -> AsyncIterator[Finding]:
    """Search *limit* rows of every table, or all; tell *progress* how many of how many."""
    # As who owns the tables: whoever only reads answers is not shown all of them.
    engine = open_engine(database_url, {"default_transaction_read_only": "on", "statement_timeout": "10min"})
    try:
        async with engine.connect() as connection:
            tables = await stored_tables(connection)
            if not tables:
                yield odd("Postgres", "holds no tables", "Run: collector migrate (`collector up` does it by itself).")
            for table in tables:
                yield await _examine(connection, table, limit, progress)
    except POSTGRES_ERRORS as error:
        yield bad("Postgres", "could not be searched", sentence(advice_for(error)))
    finally:
        await engine.dispose()


async def _examine(connection: Session, table: StoredTable, limit: int | None, progress: Callable[[int, int], None]) -> Finding:
    subject, suspects = f"Table {table.name}", Suspects()
    for column in table.columns:
        suspects.add_name(column)
    rows = await count_rows(connection, table)
    wanted = rows if limit is None else min(rows, limit)
    searched = 0
    async for row in texts(connection, table, limit=limit):
        searched += 1
        for column, text in zip(table.textual, row, strict=True):
            suspects.add_text(column, text)
        progress(searched, wanted)
    if typed := [name for name, type_ in table.columns.items() if type_ in _ADDRESS_TYPES]:
        return bad(subject, f"has columns of an address's type: {', '.join(typed)}", _NO_ADDRESS)
    if found := list(suspects.lines()):
        return bad(subject, "; ".join(found), _NO_PERSON)
    return good(subject, f"{searched:,} of {rows:,} rows searched; columns: {', '.join(table.columns)}")
