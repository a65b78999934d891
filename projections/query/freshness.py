"""Freshness: how far the answers to a caller reach, read from the totals of their tenant."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.projections import WEB
from projections.projector.erasing import ERASED_SITES
from projections.projector.projection import Projection
from projections.projector.totals import TOTALS
from projections.query.caller import Caller
from projections.query.database import schema_of


class Freshness(Struct, frozen=True, kw_only=True):
    """When the caller's newest fact in the answers was received, and how their facts that were read have ended.

    ``applied`` + ``repeated`` + ``quarantined`` are all of their facts that were read; ``mark`` changes whenever an answer to
    them can have changed.
    """

    as_of: datetime | None
    applied: int
    repeated: int
    quarantined: int
    mark: str


async def freshness(connection: AsyncConnection, caller: Caller, *, of: Projection = WEB) -> Freshness:
    """Read how far all partitions of a projection have come with the facts of *caller*."""
    column, schema = TOTALS.c, schema_of(connection, of)
    # Rows that are given up, and are counted nowhere; a partition may do so behind another that gave up what went later.
    erased = select(func.sum(ERASED_SITES.c.seq)).where(ERASED_SITES.c.tenant == caller.tenant).scalar_subquery()
    query = select(
        func.max(column.received_at).label("as_of"),
        func.coalesce(func.sum(column.applied), 0).label("applied"),
        func.coalesce(func.sum(column.duplicates), 0).label("repeated"),
        func.coalesce(func.sum(column.quarantined), 0).label("quarantined"),
        erased.label("erased"),
        # Of whoever wrote them last: rows that are made anew may be other ones, and as many.
        literal_column("max(CAST(CAST(xmin AS text) AS bigint))").label("written"),
        literal_column("(SELECT seq FROM control_reading)").label("decided"),  # which is in no generation
    ).where(column.tenant == caller.tenant)
    # Every generation has totals of its own, so their name alone does not say whose.
    row = (await connection.execute(query, execution_options={"schema_translate_map": {None: schema}})).one()
    return Freshness(
        as_of=row.as_of,
        applied=int(row.applied),
        repeated=int(row.repeated),
        quarantined=int(row.quarantined),
        # Another generation may have counted as many facts, and otherwise.
        mark=f"{schema}-{row.written or 0}-{row.applied}-{row.repeated}-{row.quarantined}-{row.decided or 0}-{row.erased or 0}"
        f"-{caller.mark}",
    )
