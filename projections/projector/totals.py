"""totals: how each tenant's facts have ended so far, by partition; moved in the statement that moves the position."""

from collections.abc import Mapping

from msgspec.structs import asdict
from sqlalchemy import BigInteger, Column, Integer, Table, Text, text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.projector.endings import Total
from projections.schema import BOOKS, moment

# ``received_at`` is of the newest fact that is not from an import. A tenant may be "": facts whose subject names none.
TOTALS = Table(
    "totals",
    BOOKS,
    Column("tenant", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("applied", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    moment("received_at", nullable=True),
)

# A part of move_position's statement: ``moved`` holds the position's row, or nothing when it was not ours to move.
ADD_TOTALS = """
    INSERT INTO totals (tenant, partition, applied, duplicates, quarantined, received_at)
    SELECT ended.tenant, moved.partition, ended.applied, ended.duplicates, ended.quarantined, ended.received_at
    FROM moved, unnest(CAST(:tenants AS text[]), CAST(:applied_of AS bigint[]), CAST(:duplicates_of AS bigint[]),
                       CAST(:quarantined_of AS bigint[]), CAST(:received_of AS timestamptz[]))
        AS ended (tenant, applied, duplicates, quarantined, received_at)
    ON CONFLICT (tenant, partition) DO UPDATE SET
        applied = totals.applied + excluded.applied,
        duplicates = totals.duplicates + excluded.duplicates,
        quarantined = totals.quarantined + excluded.quarantined,
        received_at = greatest(totals.received_at, excluded.received_at)
"""

_CORRECT = text(f"""
    WITH moved AS (
        UPDATE positions SET applied = applied + :applied, duplicates = duplicates + :duplicates,
            quarantined = quarantined + :quarantined,
            received_at = greatest(received_at, CAST(:received_at AS timestamptz))
        WHERE partition = :partition RETURNING partition
    ) {ADD_TOTALS}
""")


def as_columns(totals: Mapping[str, Total]) -> dict[str, object]:
    """Return *totals* as ADD_TOTALS takes them."""
    ended = totals.values()
    return {
        "tenants": list(totals),
        "applied_of": [total.applied for total in ended],
        "duplicates_of": [total.duplicates for total in ended],
        "quarantined_of": [total.quarantined for total in ended],
        "received_of": [total.received_at for total in ended],
    }


async def correct_totals(connection: AsyncConnection, partition: int, totals: Mapping[str, Total]) -> None:
    """Add *totals*, which may be below zero, without moving the position: facts that it has passed end otherwise now."""
    whole = sum(totals.values(), Total())
    await connection.execute(_CORRECT, as_columns(totals) | asdict(whole) | {"partition": partition})
