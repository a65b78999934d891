"""The tables of rollups: which days there are and whether they are fresh, quarter hours, and values a day.

They are narrow because there are many rows: tenant, site and value are numbers, and no index has a value in it, so that its
entries are the same for many rows and take a few bytes each.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    cast,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from projections.query.sums import BOUNCES, DURATION_MS, EVENTS, PAGEVIEWS, VIEWS, VISITS, Of, Sum
from projections.schema import WEB

# What is added up over the visits that began in a time, and over the hits that happened in it.
VISIT_SUMS: tuple[Sum, ...] = (VISITS, VIEWS, BOUNCES, DURATION_MS)
HIT_SUMS: tuple[Sum, ...] = (PAGEVIEWS, EVENTS)
# Of whole visits, as views are their pageviews: with a filter, only hits of visits count.
EVENTS_OF_VISITS = Sum(name=EVENTS.name, of=Of.VISIT, of_group=lambda visits: cast(func.sum(visits.events), BigInteger))


def _sums(*sums: Sum) -> list[Column[int]]:
    # Milliseconds of a day's visits are soon more than four bytes hold.
    return [Column(one.name, BigInteger if one is DURATION_MS else Integer, nullable=False) for one in sums]


# One row for each UTC day of a site on which there is, or was, a fact. ``state`` is one of State in marking.py. ``claim`` tells
# who computes, so that one who was overtaken notices. ``shape`` is the SHAPE by which the rows were made. ``many`` are the
# numbers of the dimensions that have more values on the day than are kept, and so no row at all.
SITE_DAYS = Table(
    "site_days",
    WEB,
    Column("tenant", Integer, nullable=False),
    Column("site", Integer, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("state", SmallInteger, nullable=False),
    Column("claim", BigInteger, nullable=False),
    Column("shape", Integer, nullable=False),
    Column("many", ARRAY(SmallInteger), nullable=False),
    # What is to be done is asked for all the time, and is mostly nothing.
    Index("site_days_to_do", "day", "site", postgresql_where=text("state <> 2")),
)

# One row for each quarter hour in which a visit began or a hit happened, of humans and of robots apart. ``visits``, ``views``,
# ``bounces`` and ``duration_ms`` are of the visits that began in it, whole; ``firsts`` and ``lasts`` count those of them that
# are the first and the last of their visitor's UTC day: visitors from a day's beginning to any quarter hour are the sum of
# firsts, and from any quarter hour to a day's end the sum of lasts. ``pageviews`` and ``events`` are the hits that happened in
# it, those of nobody included.
SLOTS = Table(
    "slots",
    WEB,
    Column("slot", DateTime(timezone=True), nullable=False),
    *_sums(DURATION_MS, VISITS),
    Column("firsts", Integer, nullable=False),
    Column("lasts", Integer, nullable=False),
    *_sums(VIEWS, BOUNCES, *HIT_SUMS),
    Column("tenant", Integer, nullable=False),
    Column("site", Integer, nullable=False),
    Column("bot", Boolean, nullable=False),
    Index("slots_by_time", "site", "bot", "slot"),
)

# One row for each UTC day and value of a dimension of visits: sums of the visits that began on the day and have the value, the
# events in them, and their visitors. A dimension whose empty value has no name has no row of that.
DAY_VISITS = Table(
    "day_visits",
    WEB,
    *_sums(DURATION_MS),
    Column("tenant", Integer, nullable=False),
    Column("site", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("value", Integer, nullable=False),
    Column("visitors", Integer, nullable=False),
    *_sums(VISITS, VIEWS, BOUNCES, EVENTS_OF_VISITS),
    Column("dimension", SmallInteger, nullable=False),
    Column("bot", Boolean, nullable=False),
    Index("day_visits_by_dimension", "site", "bot", "dimension", "day"),
)

# One row for each UTC day and value of a dimension of hits: the ``hits`` of its kind that happened on the day and have the
# value, and the visitors who have a hit of any of its kinds with it.
DAY_HITS = Table(
    "day_hits",
    WEB,
    Column("tenant", Integer, nullable=False),
    Column("site", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("value", Integer, nullable=False),
    Column("visitors", Integer, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("dimension", SmallInteger, nullable=False),
    Column("bot", Boolean, nullable=False),
    Index("day_hits_by_dimension", "site", "bot", "dimension", "day"),
)

# The values of a site, by number. The digest is what makes them unique: a path may be longer than an index takes.
ROLLUP_WORDS = Table(
    "rollup_words",
    WEB,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("tenant", Integer, nullable=False),
    Column("site", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("word", Text, nullable=False),
    UniqueConstraint("site", "digest"),
)

# What holds rows of a site, in the order in which they are given up: marks first, so that whoever computes notices.
OF_A_SITE: tuple[Table, ...] = (SITE_DAYS, SLOTS, DAY_VISITS, DAY_HITS, ROLLUP_WORDS)
