"""sinks: how far each sink has forwarded which stream, and what stands in its way; it moves once the endpoint has the facts."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import BigInteger, Column, Integer, Table, Text, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.projector.positions import Fenced
from projections.schema import SHARED, moment, words

SINKS = Table(
    "sinks",
    SHARED,
    Column("sink", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    moment("stream_created"),
    Column("seq", BigInteger, nullable=False),
    Column("message_id", Text, nullable=False),  # at seq, "" at the start
    Column("forwarded", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("skipped", BigInteger, nullable=False),
    words("trouble"),
    moment("told_at"),
    Column("partition", Integer, nullable=False),
)
TABLES = (SINKS,)


class Place(Struct, frozen=True, kw_only=True):
    """The last fact of ``stream`` that the endpoint has, and how those until there ended."""

    sink: str
    stream: str
    partition: int
    stream_created: datetime
    seq: int = 0
    message_id: str = ""
    forwarded: int = 0
    refused: int = 0
    skipped: int = 0
    trouble: str = ""


async def read_places(connection: AsyncConnection, sink: str) -> Sequence[Place]:
    """Return how far *sink* is with every stream that it has begun."""
    columns = [SINKS.c[name] for name in Place.__struct_fields__]
    rows = await connection.execute(select(*columns).where(SINKS.c.sink == sink).order_by(SINKS.c.stream))
    return [Place(**row._mapping) for row in rows]  # noqa: SLF001  # public, by SQLAlchemy's own account


_BEGIN = text("""
    INSERT INTO sinks (sink, stream, partition, stream_created, seq, message_id, forwarded, refused, skipped, trouble, told_at)
    VALUES (:sink, :stream, :partition, :stream_created, 0, '', 0, 0, 0, '', now())
    ON CONFLICT (sink, stream) DO UPDATE SET
        stream_created = excluded.stream_created, seq = 0, message_id = '', partition = excluded.partition, told_at = now()
""")


async def begin(connection: AsyncConnection, place: Place) -> None:
    """Write that *place* is where its stream begins, whatever was forwarded of another that was called so."""
    await connection.execute(_BEGIN, _named(place))


_MOVE = text("""
    UPDATE sinks SET seq = :seq, message_id = :message_id, trouble = '', told_at = now(),
        forwarded = :forwarded, refused = :refused, skipped = :skipped
    WHERE sink = :sink AND stream = :stream AND stream_created = :stream_created AND seq = :old_seq
""")


async def move(connection: AsyncConnection, old: Place, new: Place) -> None:
    """Move from *old* to *new*, or raise Fenced when somebody else has."""
    if (await connection.execute(_MOVE, _named(new) | {"old_seq": old.seq})).rowcount != 1:
        raise Fenced


_TELL = text("UPDATE sinks SET trouble = :trouble, told_at = now() WHERE sink = :sink AND stream = :stream")


async def tell(connection: AsyncConnection, sink: str, stream: str, trouble: str) -> None:
    """Write what stands in the way, for whoever asks the database."""
    await connection.execute(_TELL, {"sink": sink, "stream": stream, "trouble": trouble})


def _named(place: Place) -> dict[str, object]:
    return {name: getattr(place, name) for name in Place.__struct_fields__}
