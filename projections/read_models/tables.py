"""The tables: what Postgres holds, every row of which can be computed again from the stream."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

METADATA = MetaData()


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


# How a visitor's fact and a visitor's visit describe the person's means, in the same words.
def _description() -> list[Column[str]]:
    return [_text(name) for name in ("country", "region", "device", "browser", "browser_version", "os")]


def _source() -> list[Column[str]]:
    return [
        _text(name)
        for name in ("source", "channel", "referrer", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
    ]


# One row per fact. ``kind`` is projections.read_models.hits.Kind. Partitioned by month of occurred_at.
HITS = Table(
    "hits",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("occurred_at", DateTime(timezone=True), primary_key=True),
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    _moment("received_at"),
    Column("day", Date, nullable=False),  # the salt's UTC day: a visitor is (day, visitor)
    Column("visitor", LargeBinary, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("bot", Boolean, nullable=False),
    _text("bot_rule"),
    _text("bot_name"),
    _text("hostname"),
    _text("path"),
    _text("name"),
    Column("props", JSONB, nullable=True),
    Column("interactive", Boolean, nullable=False),
    Column("engaged_ms", Integer, nullable=False, server_default="0"),
    Column("scroll_percent", SmallInteger, nullable=False, server_default="0"),
    Column("revenue", Numeric, nullable=True),
    _text("currency"),
    *_description(),
    *_source(),
    _text("batch"),
    postgresql_partition_by="RANGE (occurred_at)",
)

# One row per visit: what a visitor did on one UTC day with no gap over thirty minutes. Partitioned by month of day.
# ``opened_at``..``closed_at`` spans every fact (what links facts into a visit); ``began_at``..``ended_at`` spans pageviews and
# events (what a duration is made of); both of these are null for a visit that holds engagement only, which no number counts.
VISITS = Table(
    "visits",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("visitor", LargeBinary, primary_key=True),
    Column("bot", Boolean, primary_key=True),
    Column("opened_at", DateTime(timezone=True), primary_key=True),
    _moment("closed_at"),
    _moment("began_at", nullable=True),
    _moment("ended_at", nullable=True),
    Column("began_id", Uuid(as_uuid=False), nullable=True),
    Column("pageviews", Integer, nullable=False),
    Column("events", Integer, nullable=False),
    Column("interactions", Integer, nullable=False),
    _moment("entry_at", nullable=True),
    Column("entry_id", Uuid(as_uuid=False), nullable=True),
    _text("entry_path"),
    _moment("exit_at", nullable=True),
    Column("exit_id", Uuid(as_uuid=False), nullable=True),
    _text("exit_path"),
    Column("tail_at", ARRAY(DateTime(timezone=True)), nullable=False),  # engagement since the last pageview, newest 64
    Column("tail_ms", ARRAY(Integer), nullable=False),
    Column("engaged_ms", Integer, nullable=False),  # the sum of tail_ms
    _text("hostname"),
    *_description(),
    *_source(),
    Index("visits_by_start", "tenant", "site", "began_at"),
    postgresql_partition_by="RANGE (day)",
)

# Event ids already applied, for retries later than NATS remembers: for the horizon, and for ever for imports.
SEEN = Table(
    "seen_events",
    METADATA,
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    _moment("received_at"),
    Column("imported", Boolean, nullable=False),
)

# Facts that could not be applied: a pointer into the stream and a class, never the payload.
QUARANTINE = Table(
    "quarantine",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _text("reason"),
    _text("contract"),
)

# How far each partition has read, and of which stream: moves only together with the rows.
POSITIONS = Table(
    "positions",
    METADATA,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("partitions", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("event_id", Text, nullable=False),  # the message id at seq, "" at the start
    _moment("stream_created"),
    Column("applied", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    _moment("received_at", nullable=True),  # the newest of any fact but imports: what seen_events is forgotten by
)
