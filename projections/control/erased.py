"""erased, erasures: which sequences of which streams are gone with a deleted site, and the last word about each erasure.

A hole in a stream that is listed here is no loss. What is about to be erased is said before it is gone, so no hole comes first.
"""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Integer, Table, Text, delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.envelope import ControlEvent
from contracts.control.sites import Site, SiteErased, SiteErasureBegun
from contracts.streams import bucket_of
from projections.schema import SHARED, moment, words

# Runs of sequences. ``seq`` is that of the event which says so, and ``said_at`` tells a stream from one of its name before it.
ERASED = Table(
    "erased",
    SHARED,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Text, primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    moment("said_at"),
    words("tenant"),
    words("site"),
)

# A site of which anything was ever erased. ``seq`` is that of the last event about it: its rows go once more with each.
ERASURES = Table(
    "erasures",
    SHARED,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("bucket", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

TABLES = (ERASED, ERASURES)


async def forget_erased(connection: AsyncConnection) -> None:
    """Forget the list, for it is about to be read from its beginning."""
    for table in TABLES:
        await connection.execute(delete(table))


async def keep_erased(connection: AsyncConnection, site: Site, event: ControlEvent, seq: int) -> None:
    """Keep what *event*, at *seq*, says of the erasure of *site*, where it says anything."""
    if not isinstance(event, SiteErasureBegun | SiteErased):
        return
    whose = {"tenant": site.tenant, "site": site.key}
    row = insert(ERASURES).values(**whose, bucket=bucket_of(site.tenant, site.key), seq=seq)
    last = row.on_conflict_do_update(index_elements=[ERASURES.c.tenant, ERASURES.c.site], set_={"seq": row.excluded.seq})
    await connection.execute(last)
    if isinstance(event, SiteErased) and event.erased:
        told = {**whose, "seq": seq, "stream": event.stream, "said_at": event.at}
        await connection.execute(_LIST, told | _columns(event.erased))


def _columns(runs: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    return {"first": [first for first, _ in runs], "last": [last for _, last in runs]}


_LIST = text("""
    INSERT INTO erased (seq, stream, first, last, said_at, tenant, site)
    SELECT :seq, :stream, run.first, run.last, :said_at, :tenant, :site
    FROM unnest(CAST(:first AS bigint[]), CAST(:last AS bigint[])) AS run (first, last)
    ON CONFLICT DO NOTHING
""")
