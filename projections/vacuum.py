"""Vacuum: the room that deleted rows took, given back, and fresh figures for the planner."""

from msgspec import Struct
from sqlalchemy import text

from projections.database import open_engine

# It takes as long as it takes; the default patience of a statement is for answers.
_PATIENCE = {"application_name": "collector vacuum", "statement_timeout": "0"}
_SIZE = text("SELECT pg_database_size(current_database())")
_OURS = text(
    "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables"
    " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tableowner = current_user ORDER BY 1"
)


class Vacuumed(Struct, frozen=True, kw_only=True):
    """How many tables it was, and what the database took before and after, in bytes."""

    tables: int
    before: int
    after: int


async def vacuum(database_url: str) -> Vacuumed:
    """Vacuum and analyse every table that is ours."""
    engine = open_engine(database_url, _PATIENCE, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            before = (await connection.execute(_SIZE)).scalar_one()
            tables = (await connection.execute(_OURS)).scalars().all()
            for table in tables:
                await connection.execute(text(f"VACUUM (ANALYZE) {table}"))
            after = (await connection.execute(_SIZE)).scalar_one()
    finally:
        await engine.dispose()
    return Vacuumed(tables=len(tables), before=before, after=after)
