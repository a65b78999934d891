"""Refold: all that a partition holds of a site is given up and folded again from the stream, in one transaction.

It is for what cannot be added to what is there: which of two equal facts counts depends on which stands first in the stream.
"""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.streams import subjects_of_site
from projections.projector.dedup import forget_site
from projections.projector.endings import Total
from projections.projector.ends import ENDS, End
from projections.projector.quarantine import QUARANTINE
from projections.projector.recount import recount
from projections.read_models.model import ReadModel, erase_rows
from projections.stream import Stream


async def refold(
    connection: AsyncConnection,
    models: Sequence[ReadModel],
    stream: Stream,
    partition: int,
    *,
    tenant: str,
    site: str,
    upto: int,
) -> Total:
    """Fold the facts of *tenant*'s *site* up to the sequence *upto* again, and return how the totals of their ends move.

    Whoever calls it holds the position.
    """
    before = await _ends_of(connection, partition, tenant, site)
    for model in models:
        # What is behind the rows, and no fact is folded into, stays: other sessions remember it, and the rows come back.
        if model.facts and model.erase_site is not None:
            await model.erase_site(connection, tenant, site)
    await forget_site(connection, tenant, site)
    for table in (QUARANTINE, ENDS):
        await erase_rows(connection, table, tenant, site)
    await recount(connection, models, stream, partition, subjects=subjects_of_site(tenant, site), upto=upto)
    after = await _ends_of(connection, partition, tenant, site)
    after.subtract(before)
    return Total(
        applied=after[End.COUNTED] + after[End.ROBOT],
        duplicates=after[End.REPEATED],
        quarantined=after[End.QUARANTINED] + after[End.DROPPED],
    )


async def _ends_of(connection: AsyncConnection, partition: int, tenant: str, site: str) -> Counter[str]:
    column = ENDS.c
    query = (
        select(column.ending, func.sum(column.facts).label("facts"))
        .where(column.tenant == tenant, column.site == site, column.partition == partition)
        .group_by(column.ending)
    )
    return Counter({row.ending: int(row.facts) for row in await connection.execute(query)})
