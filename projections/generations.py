"""Generations: each is one computation of a projection from its streams, in a Postgres schema of its own; one is current.

Which one is current is a row, so that changing it is one statement, and whoever reads that row first in a transaction sees one
generation until the transaction ends. A schema is never renamed, and goes only when nobody can be reading it any more.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct
from sqlalchemy import Column, Identity, Index, Integer, Row, Table, Text, UniqueConstraint, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.database import sqlstate_of
from projections.schema import SHARED


class State(StrEnum):
    """What a generation is to those who read: not yet, now, or no longer."""

    BUILDING = "building"
    CURRENT = "current"
    RETIRED = "retired"


# What there is. ``id`` numbers them all and is never used again: locks are named by it.
GENERATIONS = Table(
    "generations",
    SHARED,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("projection", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("schema_name", Text, nullable=False),
    Column("state", Text, nullable=False),
    UniqueConstraint("projection", "generation"),
    UniqueConstraint("schema_name"),
    Index("one_current_generation", "projection", unique=True, postgresql_where=text("state = 'current'")),
)


class Generation(Struct, frozen=True, kw_only=True):
    """One generation of a projection, and the schema that holds its tables."""

    id: int
    projection: str
    number: int
    schema: str
    state: State


# Everything that reads has to see every current generation, and what is shared behind them. One statement, and the first of
# its transaction: no row of an answer is older than the list.
_ENTER = text("""
    SELECT set_config('search_path', concat_ws(', ', string_agg(quote_ident(schema_name), ', ' ORDER BY projection),
                                               current_setting('search_path')), true),
           coalesce(string_agg(schema_name, ' ' ORDER BY projection), ''),
           set_config('collector.tenant', :tenant, true), set_config('collector.nobodys', :nobodys, true)
    FROM generations WHERE state = 'current'
""")


async def enter_current(connection: AsyncConnection, *, tenant: str = "", sees_nobodys: bool = False) -> str:
    """Have unqualified names mean the tables of every projection's current generation until the transaction ends.

    Call it first in a transaction. It also says on behalf of which *tenant* the transaction reads, and whether it sees what is
    told of nobody in particular: row-level security obeys both (see tenant_wall.py). Return which generations these are, such
    as ``web_g2``: a mark that changes with them.
    """
    return str((await connection.execute(_ENTER, {"tenant": tenant, "nobodys": "on" if sees_nobodys else ""})).one()[1])


async def all_generations(connection: AsyncConnection, projections: Sequence[str] | None = None) -> list[Generation]:
    """Return the generations of *projections*, or all, in the order in which they began."""
    query = select(GENERATIONS).order_by(GENERATIONS.c.id)
    if projections is not None:
        query = query.where(GENERATIONS.c.projection.in_(projections))
    return [_generation(row) for row in await connection.execute(query)]


async def current_generation(connection: AsyncConnection, projection: str) -> Generation | None:
    """Return the generation of *projection* that is read, or None before the first migration."""
    query = select(GENERATIONS).where(GENERATIONS.c.projection == projection, GENERATIONS.c.state == State.CURRENT.value)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _generation(row)


async def add_generation(connection: AsyncConnection, projection: str, state: State) -> Generation:
    """List a new generation of *projection*, whose schema is still to be made in the same transaction."""
    # One at a time, or two would take the same number; readers are not kept waiting.
    await connection.execute(text("LOCK TABLE generations IN SHARE ROW EXCLUSIVE MODE"))
    others = await all_generations(connection, [projection])
    number = max((other.number for other in others), default=0) + 1
    values = {"projection": projection, "generation": number, "schema_name": f"{projection}_g{number}", "state": state.value}
    return _generation((await connection.execute(insert(GENERATIONS).values(values).returning(GENERATIONS))).one())


async def make_current(connection: AsyncConnection, generation: Generation) -> bool:
    """Make *generation*, which is being built, the one that is read, and retire the one before; False when it is gone."""
    columns = GENERATIONS.c
    await connection.execute(
        update(GENERATIONS)
        .where(columns.projection == generation.projection, columns.state == State.CURRENT.value)
        .values(state=State.RETIRED.value)
    )
    made = await connection.execute(
        update(GENERATIONS)
        .where(columns.id == generation.id, columns.state == State.BUILDING.value)
        .values(state=State.CURRENT.value)
    )
    return made.rowcount == 1


async def retire(connection: AsyncConnection, generation: Generation) -> None:
    """Give up *generation*, unless it is the one that is read."""
    columns = GENERATIONS.c
    await connection.execute(
        update(GENERATIONS)
        .where(columns.id == generation.id, columns.state == State.BUILDING.value)
        .values(state=State.RETIRED.value)
    )


async def retire_emptied(connection: AsyncConnection) -> None:
    """Give up every generation whose schema somebody has dropped: there is nothing left in it to read or to lose."""
    is_gone = text("to_regnamespace(quote_ident(generations.schema_name)) IS NULL")
    retired = update(GENERATIONS).where(GENERATIONS.c.state != State.RETIRED.value, is_gone).values(state=State.RETIRED.value)
    await connection.execute(retired)


class Removal:
    """Removes retired generations, each once nobody can be reading it; it never waits, so ``step`` has to be taken again."""

    def __init__(self) -> None:
        self._readers: dict[int, frozenset[str]] = {}

    async def step(self, engine: AsyncEngine, projections: Sequence[str]) -> bool:
        """Remove what can be removed now, and tell whether nothing is left to remove."""
        async with engine.connect() as connection:
            listed = await all_generations(connection, projections)
            retired = [generation for generation in listed if generation.state is State.RETIRED]
            under_way = await _transactions_under_way(connection) if retired else frozenset()
            used = [generation for generation in retired if await _is_projected(connection, generation)]
        left = 0
        for generation in retired:
            # Only who began before it was retired can have entered it, and we have seen it retired.
            readers = self._readers.setdefault(generation.id, under_way) & under_way
            if readers or generation in used or not await _remove(engine, generation):
                left += 1
                continue
            del self._readers[generation.id]
        return left == 0


# What CREATE INDEX CONCURRENTLY waits for: every transaction holds a lock on its own number, whoever's it is.
_UNDER_WAY = text("""
    SELECT virtualxid || '/' || pid FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'virtualxid' AND datname = current_database() AND pid <> pg_backend_pid()
""")

# The first half of a lease's name in Postgres; the other half is lease_of().
LEASES = 0x636F6C
_PARTITIONS_AT_MOST = 64

_IS_PROJECTED = text("""
    SELECT exists(SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = :leases
                  AND objid BETWEEN :first AND :last
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
""")


def lease_of(generation: Generation, partition: int) -> int:
    """Return the number by which the lease on a partition of *generation* is known in its database."""
    return generation.id * _PARTITIONS_AT_MOST + partition


async def _transactions_under_way(connection: AsyncConnection) -> frozenset[str]:
    return frozenset((await connection.scalars(_UNDER_WAY)).all())


async def _is_projected(connection: AsyncConnection, generation: Generation) -> bool:
    first, last = lease_of(generation, 0), lease_of(generation, _PARTITIONS_AT_MOST - 1)
    return bool(await connection.scalar(_IS_PROJECTED, {"leases": LEASES, "first": first, "last": last}))


# Any number will do as long as everything that removes uses the same: two would trip over each other.
_REMOVING = text(f"SELECT pg_advisory_xact_lock({0x636F6C6C03})")
# A dump, or somebody with psql: neither has to have entered it to use its tables.
_IN_A_MOMENT = text("SET LOCAL lock_timeout = '500ms'")
_IS_IN_USE = "55P03"
_IS_LISTED = text("SELECT exists(SELECT FROM generations WHERE id = :id AND state = 'retired')")
_LEAVES = text("""
    SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = :schema AND relispartition AND relkind = 'r'
""")


async def _remove(engine: AsyncEngine, generation: Generation) -> bool:
    """Remove *generation*, or return False when somebody uses a table of it: whoever waits for that holds up others."""
    async with engine.connect() as connection:
        months = (await connection.scalars(_LEAVES, {"schema": generation.schema})).all()
    whole = (f'DROP SCHEMA IF EXISTS "{generation.schema}" CASCADE', f"DELETE FROM generations WHERE id = {generation.id}")
    try:
        # One after the other, because each table's lock takes room that Postgres has little of.
        for statements in [*((f"DROP TABLE IF EXISTS {month}",) for month in months), whole]:
            async with engine.begin() as connection:
                await connection.execute(_REMOVING)
                # The name of one that was given up is taken again: only while ours is listed the schema is ours.
                if not await connection.scalar(_IS_LISTED, {"id": generation.id}):
                    return True
                await connection.execute(_IN_A_MOMENT)
                for statement in statements:
                    await connection.execute(text(statement))
    except DBAPIError as error:
        if sqlstate_of(error) == _IS_IN_USE:
            return False
        raise
    return True


def _generation(row: Row[tuple[object, ...]]) -> Generation:
    return Generation(
        id=row.id, projection=row.projection, number=row.generation, schema=row.schema_name, state=State(row.state)
    )
