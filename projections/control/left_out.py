"""left_out: which facts of which streams somebody has decided to leave out of every number, though the stream holds them."""

from sqlalchemy import BigInteger, Column, Table, Text, delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.envelope import ControlEvent
from contracts.control.quarantine import FactsLeftOut, StreamOfFacts
from projections.schema import SHARED, moment

# Runs of sequences. ``seq`` is that of the event which says so, and ``said_at`` tells a stream from one of its name before it.
LEFT_OUT = Table(
    "left_out",
    SHARED,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Text, primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    moment("said_at"),
)
TABLES = (LEFT_OUT,)


async def forget_left_out(connection: AsyncConnection) -> None:
    """Forget the list, for it is about to be read from its beginning."""
    await connection.execute(delete(LEFT_OUT))


async def keep_left_out(connection: AsyncConnection, thing: StreamOfFacts, event: ControlEvent, seq: int) -> None:
    """Keep what *event*, at *seq*, says of the stream that *thing* is about."""
    if not isinstance(event, FactsLeftOut):
        return
    told = {
        "seq": seq,
        "stream": thing.stream,
        "said_at": event.at,
        "first": [first for first, _ in event.runs],
        "last": [last for _, last in event.runs],
    }
    await connection.execute(_LIST, told)


_LIST = text("""
    INSERT INTO left_out (seq, stream, first, last, said_at)
    SELECT :seq, :stream, run.first, run.last, :said_at
    FROM unnest(CAST(:first AS bigint[]), CAST(:last AS bigint[])) AS run (first, last)
    ON CONFLICT DO NOTHING
""")
