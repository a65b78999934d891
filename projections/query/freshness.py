"""Freshness: how far the answers to a caller reach, and how the facts behind them have ended."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.projector.totals import TOTALS
from projections.query.caller import Caller


class Freshness(Struct, frozen=True, kw_only=True):
    """When the newest fact in the answers was received, and how the caller's facts that were read have ended.

    ``applied`` + ``repeated`` + ``quarantined`` are all facts that were read; ``mark`` changes whenever an
    answer can have changed.
    """

    as_of: datetime | None
    applied: int
    repeated: int
    quarantined: int
    mark: str


async def freshness(connection: AsyncConnection, caller: Caller) -> Freshness:
    """Read how far all partitions have come with the facts of *caller*'s tenant."""
    column = TOTALS.c
    query = select(
        func.max(column.received_at).label("as_of"),
        func.coalesce(func.sum(column.applied), 0).label("applied"),
        func.coalesce(func.sum(column.duplicates), 0).label("repeated"),
        func.coalesce(func.sum(column.quarantined), 0).label("quarantined"),
        # Another generation may answer otherwise although it has read as much.
        func.left(func.md5(func.current_setting("search_path")), 8).label("generations"),
    ).where(column.tenant == caller.tenant)
    row = (await connection.execute(query)).one()
    return Freshness(
        as_of=row.as_of,
        applied=int(row.applied),
        repeated=int(row.repeated),
        quarantined=int(row.quarantined),
        mark=f"{row.generations}-{row.applied}-{row.repeated}-{row.quarantined}",
    )
