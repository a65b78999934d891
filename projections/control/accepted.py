"""What the tables know of decisions that the stream lost, and their beginning anew once somebody has accepted that."""

from datetime import datetime

from msgspec import Struct

from contracts.control.loss import Place
from projections.control.tables import begin_reading, hold_reading, known_by_kind, read_reading
from projections.database import open_engine


class Known(Struct, frozen=True, kw_only=True):
    """How far the decisions are read, None where none ever was, and how many things of each kind there are."""

    place: Place | None
    things: dict[str, int]


async def known_decisions(database_url: str) -> Known:
    """Return what the tables know; raise POSTGRES_ERRORS where they do not answer."""
    engine = open_engine(database_url)
    try:
        async with engine.connect() as connection:
            return Known(place=await read_reading(connection), things=await known_by_kind(connection))
    finally:
        await engine.dispose()


async def begin_anew(database_url: str, created: datetime, *, last_seq: int) -> None:
    """Let the tables be filled again from the stream that was *created* then, and ends at *last_seq* now."""
    engine = open_engine(database_url)
    try:
        async with engine.begin() as connection:
            await hold_reading(connection)
            await begin_reading(connection, created, last_seq=last_seq)
    finally:
        await engine.dispose()
