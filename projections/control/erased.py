"""erased, erasures: which sequences of which streams are gone with a deleted site, and the last word about each erasure.

A hole in a stream that is listed here is no loss. What is about to be erased is said before it is gone, so no hole comes first.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import BigInteger, Column, Integer, Table, Text, delete, text, update
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

# A site of which anything was ever erased, and each stream that held any of it: with more partitions than before that is not
# only its bucket's, for which ``stream`` is empty. ``seq`` is that of the last event about it: its rows go once more with each.
ERASURES = Table(
    "erasures",
    SHARED,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
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
    await _note(connection, whose, "", seq)
    if not isinstance(event, SiteErased):
        return
    if event.erased:
        await _note(connection, whose, event.stream, seq)
        told = {**whose, "seq": seq, "stream": event.stream, "said_at": event.at}
        await connection.execute(_LIST, told | _columns(event.erased))
    if event.is_last:
        columns = ERASURES.c
        every = (columns.tenant == site.tenant, columns.site == site.key)
        await connection.execute(update(ERASURES).where(*every).values(seq=seq))


async def _note(connection: AsyncConnection, whose: Mapping[str, str], stream: str, seq: int) -> None:
    row = insert(ERASURES).values(**whose, stream=stream, bucket=bucket_of(whose["tenant"], whose["site"]), seq=seq)
    keys = [column.name for column in ERASURES.primary_key]
    await connection.execute(row.on_conflict_do_update(index_elements=keys, set_={"seq": row.excluded.seq}))


def _columns(runs: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    return {"first": [first for first, _ in runs], "last": [last for _, last in runs]}


_LIST = text("""
    INSERT INTO erased (seq, stream, first, last, said_at, tenant, site)
    SELECT :seq, :stream, run.first, run.last, :said_at, :tenant, :site
    FROM unnest(CAST(:first AS bigint[]), CAST(:last AS bigint[])) AS run (first, last)
    ON CONFLICT DO NOTHING
""")
