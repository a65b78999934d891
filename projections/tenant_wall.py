"""The second wall between tenants: row-level security on every table that says whose its rows are.

It holds for whoever reads and owns nothing (see reader_role.py), and not for the owner, who folds the facts of all. A session
sees the rows of the tenant that its transaction is on behalf of, and before it has said so it sees none.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.control.tables import THINGS
from projections.projector.ends import ENDS
from projections.tallies.tables import TALLIES

WALL = "own_tenant"

# A setting that one transaction made is empty in the next, and rows of nobody say nothing of their tenant.
_OWN = "tenant = nullif(current_setting('collector.tenant', true), '')"
# Where the tenant is a number, it is looked up once for a whole scan.
_OWN_NUMBER = f"tenant = (SELECT id FROM tenant_ids WHERE tenant_ids.{_OWN})"
# Who somebody is, is found out before it is known whose they are; and whoever runs the installation also sees what is told of
# nobody in particular.
_SEEN = {
    THINGS.name: f"{_OWN} OR current_setting('collector.installation', true) = 'on'",
    **dict.fromkeys((TALLIES.name, ENDS.name), f"{_OWN} OR tenant = '' AND current_setting('collector.nobodys', true) = 'on'"),
}

# What enter_current() says of tenants, and of this only the door, where credentials are looked up.
SEE_INSTALLATION = text("SELECT set_config('collector.installation', 'on', true)")

_UNWALLED = text("""
    SELECT space.nspname AS schema, class.relname AS name, whose.atttypid = 'int'::regtype AS in_numbers
    FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
    JOIN pg_attribute AS whose ON whose.attrelid = class.oid AND whose.attname = 'tenant' AND NOT whose.attisdropped
    WHERE space.nspname = :schema AND class.relkind IN ('r', 'p')
      AND (CAST(:tables AS text[]) IS NULL OR class.relname = ANY (CAST(:tables AS text[])))
      AND NOT (class.relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = class.oid AND polname = :wall))
    ORDER BY class.relname
""")


def wall(table: str, name: str, *, in_numbers: bool) -> tuple[str, ...]:
    """Return the statements that put the wall around *table*, which is *name* without its schema and its month.

    *in_numbers* says that its tenants are those of tenant_ids, which must be found under its plain name.
    """
    seen = _OWN_NUMBER if in_numbers else _SEEN.get(name, _OWN)
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY {WALL} ON {table} FOR SELECT USING ({seen})",
    )


def closed(table: str) -> tuple[str, ...]:
    """Return the statement that shows no row of *table*, which names nobody's tenant, to whoever does not own it."""
    return (f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",)


async def wall_in(connection: AsyncConnection, schema: str, tables: Sequence[str] | None = None) -> None:
    """Put the wall around every table in *schema* that says whose its rows are and has none yet, or around *tables* alone."""
    for row in await _unwalled(connection, schema, tables):
        for statement in wall(f'"{schema}"."{row.name}"', row.name, in_numbers=row.in_numbers):
            await connection.execute(text(statement))


async def unwalled(connection: AsyncConnection, schema: str, tables: Sequence[str] | None = None) -> list[str]:
    """Return the tables in *schema* that say whose their rows are and have no wall."""
    return [row.name for row in await _unwalled(connection, schema, tables)]


async def _unwalled(connection: AsyncConnection, schema: str, tables: Sequence[str] | None) -> Sequence[Row[Any]]:
    asked = {"schema": schema, "tables": None if tables is None else list(tables), "wall": WALL}
    return (await connection.execute(_UNWALLED, asked)).all()
