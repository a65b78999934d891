"""tallies, tally_signs, tally_runs: every line that a run has told, and every run with its last word; no generation folds them.

A count never falls, so the greatest is the newest: the same messages in any order, any number of times, or from a stream that
was made again, leave the same rows.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, Table, Text, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.tallies import KEPT_DAYS, TallyHead, TallyPart, TallySigns
from projections.schema import SHARED, moment, words

TALLIES = Table(
    "tallies",
    SHARED,
    Column("run", Text, primary_key=True),
    Column("part", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("dialect", Text, primary_key=True),
    Column("ending", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("key_id", Text, primary_key=True),
    moment("hour"),
    Column("hits", BigInteger, nullable=False),
    Column("landed", BigInteger, nullable=False),
    Column("not_landed", BigInteger, nullable=False),
    Index("tallies_by_hour", "tenant", "hour"),
    Index("tallies_by_site", "tenant", "site", "hour"),
)

SIGN_COUNTS = ("hits", "pages", "unread", "private", "addresses", "agents", "ahead", "behind", "loaded")
SIGNS = Table(
    "tally_signs",
    SHARED,
    Column("run", Text, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in SIGN_COUNTS),
    Index("tally_signs_by_site", "tenant", "site", "hour"),
)

RUNS = Table(
    "tally_runs",
    SHARED,
    Column("run", Text, primary_key=True),
    words("version"),
    moment("started_at"),
    moment("told_at"),
    Column("ended", Boolean, nullable=False),
)

# One row at most: how far which stream has been read, and until when everything that was told is known.
READING = Table(
    "tally_reading",
    SHARED,
    moment("stream_created"),
    Column("seq", BigInteger, nullable=False),
    moment("looked_at"),
    Column("id", Integer, primary_key=True, autoincrement=False),
)
_THE_ROW = 1
SIGNS_KEPT = timedelta(days=2)
_ROWS_AT_ONCE = 5_000

TABLES = (TALLIES, RUNS, READING, SIGNS)


class Reading(Struct, frozen=True, kw_only=True):
    """The last message that was read, of which stream, and when everything that it held had been read."""

    stream_created: datetime
    seq: int
    looked_at: datetime


async def read_reading(connection: AsyncConnection) -> Reading | None:
    """Return how far the tallies are read, or None before the first time."""
    columns = READING.c
    row = (await connection.execute(select(columns.stream_created, columns.seq, columns.looked_at))).one_or_none()
    return None if row is None else Reading(stream_created=row.stream_created, seq=row.seq, looked_at=row.looked_at)


async def write_reading(connection: AsyncConnection, reading: Reading) -> None:
    """Write how far the tallies are read; whoever else reads them has read the same."""
    row = insert(READING).values(
        id=_THE_ROW, stream_created=reading.stream_created, seq=reading.seq, looked_at=reading.looked_at
    )
    written = {name: row.excluded[name] for name in ("stream_created", "seq", "looked_at")}
    await connection.execute(row.on_conflict_do_update(index_elements=[READING.c.id], set_=written))


_KEEP_RUN = text("""
    INSERT INTO tally_runs (run, version, started_at, told_at, ended)
    VALUES (:run, :version, :started_at, :told_at, :ended)
    ON CONFLICT (run) DO UPDATE SET
        told_at = greatest(tally_runs.told_at, excluded.told_at), ended = tally_runs.ended OR excluded.ended
    WHERE tally_runs.told_at < excluded.told_at OR tally_runs.ended < excluded.ended
""")

_KEEP_LINES = text("""
    INSERT INTO tallies (run, part, hour, tenant, site, dialect, ending, reason, key_id, hits, landed, not_landed)
    SELECT * FROM unnest(
        CAST(:run AS text[]), CAST(:part AS bigint[]), CAST(:hour AS timestamptz[]), CAST(:tenant AS text[]),
        CAST(:site AS text[]), CAST(:dialect AS text[]), CAST(:ending AS text[]), CAST(:reason AS text[]),
        CAST(:key_id AS text[]), CAST(:hits AS bigint[]), CAST(:landed AS bigint[]), CAST(:not_landed AS bigint[]))
    ON CONFLICT (run, part, tenant, site, dialect, ending, reason, key_id) DO UPDATE SET
        hits = greatest(tallies.hits, excluded.hits),
        landed = greatest(tallies.landed, excluded.landed),
        not_landed = greatest(tallies.not_landed, excluded.not_landed)
    WHERE (tallies.hits, tallies.landed, tallies.not_landed) IS DISTINCT FROM
          (excluded.hits, excluded.landed, excluded.not_landed)
""")


_KEEP_SIGNS = text(f"""
    INSERT INTO tally_signs (run, hour, tenant, site, {", ".join(SIGN_COUNTS)})
    VALUES (:run, :hour, :tenant, :site, {", ".join(f":{name}" for name in SIGN_COUNTS)})
    ON CONFLICT (run, hour, tenant, site) DO UPDATE SET
        {", ".join(f"{name} = greatest(tally_signs.{name}, excluded.{name})" for name in SIGN_COUNTS)}
""")  # names of our own


async def keep(connection: AsyncConnection, documents: Iterable[TallyPart | TallyHead | TallySigns]) -> None:
    """Write what *documents* tell, where it is more than what is known."""
    # By their keys, for no statement may meet a row twice.
    lines: dict[tuple[str, ...], dict[str, object]] = {}
    for document in documents:
        if isinstance(document, TallyHead):
            await connection.execute(_KEEP_RUN, asdict(document))
            continue
        if isinstance(document, TallySigns):
            about = {"run": document.run, "hour": document.hour}
            await connection.execute(_KEEP_SIGNS, [about | asdict(line) for line in document.lines])
            continue
        for line in document.lines:
            row = {"run": document.run, "part": document.part, "hour": document.hour} | asdict(line)
            lines[tuple(str(row[column.name]) for column in TALLIES.primary_key)] = row
    rows = [lines[key] for key in sorted(lines)]
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[first : first + _ROWS_AT_ONCE]
        await connection.execute(_KEEP_LINES, {column.name: [row[column.name] for row in some] for column in TALLIES.c})


async def forget_old(connection: AsyncConnection, now: datetime) -> None:
    """Delete what the stream does not keep any more either."""
    old = now - timedelta(days=KEPT_DAYS)
    await connection.execute(delete(TALLIES).where(TALLIES.c.hour < old))
    await connection.execute(delete(SIGNS).where(SIGNS.c.hour < now - SIGNS_KEPT))
    await connection.execute(delete(RUNS).where(RUNS.c.told_at < old))
