"""Freshness: how far the answers reach, read from the projector's positions."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.projector.positions import POSITIONS


class Freshness(Struct, frozen=True, kw_only=True):
    """When the newest fact in the answers was received, and how the facts that were read have ended.

    ``applied`` + ``repeated`` + ``quarantined`` are all facts that were read; ``mark`` changes whenever an
    answer can have changed.
    """

    as_of: datetime | None
    applied: int
    repeated: int
    quarantined: int
    mark: str


async def freshness(connection: AsyncConnection) -> Freshness:
    """Read how far all partitions have come."""
    column = POSITIONS.c
    query = select(
        func.max(column.received_at).label("as_of"),
        func.coalesce(func.sum(column.applied), 0).label("applied"),
        func.coalesce(func.sum(column.duplicates), 0).label("repeated"),
        func.coalesce(func.sum(column.quarantined), 0).label("quarantined"),
        func.coalesce(func.sum(column.seq), 0).label("seq"),
        func.max(column.stream_created).label("stream"),
    )
    row = (await connection.execute(query)).one()
    return Freshness(
        as_of=row.as_of,
        applied=int(row.applied),
        repeated=int(row.repeated),
        quarantined=int(row.quarantined),
        mark=f"{row.stream.timestamp() if row.stream else 0:.0f}-{row.seq}-{row.applied}",
    )
