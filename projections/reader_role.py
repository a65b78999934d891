"""The role that answers are read as: it owns nothing, may write nothing, and sees what is granted to it alone.

Row-level security does not hold for a table's owner or a superuser, so who reads has to be somebody else.
"""

import logging
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.database import sqlstate_of

LOG = logging.getLogger(__name__)

READER = "collector_reader"

_NOT_ALLOWED = "42501"
# Another process has made the role, or granted it, at the same moment: roles are of the server, not of a database.
_MADE_MEANWHILE = ("42710", "23505", "XX000")

_IS_THERE = text("SELECT exists(SELECT FROM pg_roles WHERE rolname = :reader)")
# From Postgres 16 on, who makes a role without being a superuser is a member that may grant it, but not yet become it.
_TO_TAKE = "CASE WHEN CAST(current_setting('server_version_num') AS int) >= 160000 THEN 'SET' ELSE 'MEMBER' END"
_MAY_TAKE = text(f"""
    SELECT exists(SELECT FROM pg_roles WHERE rolname = :reader AND NOT rolsuper)
       AND pg_has_role(current_user, (SELECT oid FROM pg_roles WHERE rolname = :reader), {_TO_TAKE})
""")

# For a session that only reads: it takes the role on where it may, and stays who it is where it may not. Where unqualified
# names are looked for is settled before, for "$user" would then mean another.
TAKE_ON_ROLE = f"""
    SELECT set_config('search_path', coalesce(
               (SELECT string_agg(quote_ident(name), ', ' ORDER BY place)
                FROM unnest(current_schemas(false)) WITH ORDINALITY AS path (name, place)),
               current_setting('search_path')), false),
           set_config('role', rolname, false)
    FROM pg_roles
    WHERE rolname = '{READER}' AND NOT rolsuper AND pg_has_role(current_user, oid, {_TO_TAKE})
"""

_MAY_USE = text("SELECT has_schema_privilege(:reader, :schema, 'USAGE')")
_MAY_READ = text("""
    SELECT bool_and(has_table_privilege(:reader, format('%I.%I', CAST(:schema AS text), name), 'SELECT'))
    FROM unnest(CAST(:tables AS text[])) AS name
""")


async def reader_role(connection: AsyncConnection) -> str | None:
    """Return the role that a session of this user can take on to read (``SET ROLE``), or None where there is none."""
    return READER if await connection.scalar(_MAY_TAKE, {"reader": READER}) else None


async def ensure_role(engine: AsyncEngine) -> None:
    """Have the role, and be allowed to take it on, where this Postgres lets us; a managed one may not."""
    for statement, is_done in ((f"CREATE ROLE {READER} NOLOGIN", _IS_THERE), (f"GRANT {READER} TO CURRENT_USER", _MAY_TAKE)):
        try:
            async with engine.begin() as connection:
                if not await connection.scalar(is_done, {"reader": READER}):
                    await connection.execute(text(statement))
        except DBAPIError as error:
            if sqlstate_of(error) == _NOT_ALLOWED:
                LOG.warning("no role for reading", extra={"advice": "see what `collector doctor` says of it"})
                return
            if sqlstate_of(error) not in _MADE_MEANWHILE:
                raise


async def let_read(connection: AsyncConnection, schema: str, tables: Sequence[str] | None = None) -> None:
    """Let the role read *tables* in *schema*, or all that there are and will be in it."""
    if not await connection.scalar(_IS_THERE, {"reader": READER}):
        return
    # Granting what is granted would collide with whoever makes a partition.
    asked = {"reader": READER, "schema": schema, "tables": list(tables or ())}
    if await connection.scalar(_MAY_USE if tables is None else _MAY_READ, asked):
        return
    grants = [f'GRANT USAGE ON SCHEMA "{schema}" TO {READER}']
    if tables is None:
        grants += [
            f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO {READER}',
            f'ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}" GRANT SELECT ON TABLES TO {READER}',
        ]
    else:
        grants += [f'GRANT SELECT ON "{schema}"."{table}" TO {READER}' for table in tables]
    for grant in grants:
        await connection.execute(text(grant))
