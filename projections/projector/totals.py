"""totals: how each tenant's facts have ended so far, by partition; moved in the statement that moves the position."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

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
