"""What Postgres holds, read out as it is: every table of the database, its columns, and the texts in them."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Whoever inspects passes it on and need not know whose it is.
Session: TypeAlias = AsyncConnection

_PATIENCE = text("SET LOCAL statement_timeout = '10min'")
# Partitions show in their parent; what Postgres keeps for itself is not ours.
_COLUMNS = text("""
    SELECT format('%I.%I', space.nspname, class.relname) AS quoted,
           class.relname AS name,
           attribute.attname AS column,
           format_type(attribute.atttypid, attribute.atttypmod) AS type
    FROM pg_class AS class
    JOIN pg_namespace AS space ON space.oid = class.relnamespace
    JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
    WHERE class.relkind IN ('r', 'p') AND NOT class.relispartition
      AND space.nspname NOT IN ('pg_catalog', 'information_schema') AND space.nspname NOT LIKE 'pg\\_%'
    ORDER BY 1, attribute.attnum
""")
_TEXTUAL = ("text", "character", "json", "name")


class StoredTable(Struct, frozen=True, kw_only=True):
    """A table as Postgres describes it; ``columns`` maps each name to its type."""

    name: str
    quoted: str
    columns: dict[str, str]

    @property
    def textual(self) -> tuple[str, ...]:
        """Return the columns that could hold anybody's words."""
        return tuple(name for name, type_ in self.columns.items() if type_.startswith(_TEXTUAL))


async def stored_tables(connection: Session) -> list[StoredTable]:
    """Return every table that is not Postgres's own, also those that are not ours."""
    found: dict[str, StoredTable] = {}
    for row in await connection.execute(_COLUMNS):
        table = found.setdefault(row.quoted, StoredTable(name=row.name, quoted=row.quoted, columns={}))
        table.columns[row.column] = row.type
    return list(found.values())


async def count_rows(connection: Session, table: StoredTable) -> int:
    """Count the rows, however long it takes."""
    await connection.execute(_PATIENCE)
    return int((await connection.execute(text(f"SELECT count(*) FROM {table.quoted}"))).scalar_one())


async def texts(connection: Session, table: StoredTable, *, limit: int | None) -> AsyncIterator[tuple[str, ...]]:
    """Yield each row's texts in the order of ``table.textual``, at most *limit* rows; an absent one is empty."""
    if not table.textual:
        return
    await connection.execute(_PATIENCE)
    columns = ", ".join(f"coalesce({_quoted(column)}::text, '')" for column in table.textual)
    query = text(f"SELECT {columns} FROM {table.quoted} LIMIT :limit")
    async for row in await connection.stream(query, {"limit": limit}):
        yield tuple(row)


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


async def time_in(connection: Session) -> datetime:
    """Return what time it is for Postgres."""
    now: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return now
