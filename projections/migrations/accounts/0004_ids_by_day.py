"""The ids that were seen, by the day of their receipt and in less room; those of imports are kept apart."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "accounts_0004"
down_revision = "accounts_0003"

_TABLES = """
ALTER TABLE seen_events RENAME TO seen_before;

CREATE TABLE seen_events (
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_id UUID NOT NULL,
    site BIGINT NOT NULL
) PARTITION BY RANGE (received_at);

CREATE INDEX seen_events_by_id ON seen_events (event_id);

CREATE TABLE imported_events (
    event_id UUID NOT NULL,
    site BIGINT NOT NULL,
    PRIMARY KEY (event_id, site)
);

ALTER TABLE seen_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE imported_events ENABLE ROW LEVEL SECURITY;

CREATE TEMPORARY TABLE site_numbers (tenant TEXT, site TEXT, number BIGINT)
"""

# Whatever is older than this can be repeated by no fact to come.
_OLDEST = "(SELECT coalesce(min(received_at), '-infinity') - interval '8 days' FROM positions)"
_RECENT = f"seen_before WHERE received_at >= {_OLDEST}"

_CARRY_OVER = f"""
INSERT INTO imported_events SELECT event_id, number FROM seen_before JOIN site_numbers USING (tenant, site) WHERE imported;

INSERT INTO seen_events SELECT received_at, event_id, number
FROM (SELECT * FROM {_RECENT}) AS recent JOIN site_numbers USING (tenant, site);

DROP TABLE seen_before;

DROP TABLE site_numbers
"""


def upgrade() -> None:
    """Make the tables, and carry over what may still be repeated."""
    for statement in _TABLES.split(";"):
        op.execute(statement)
    connection = op.get_bind()
    sites = connection.execute(sa.text("SELECT DISTINCT tenant, site FROM seen_before")).all()
    numbers = [{"tenant": tenant, "site": site, "number": _number(tenant, site)} for tenant, site in sites]
    if numbers:
        connection.execute(sa.text("INSERT INTO site_numbers VALUES (:tenant, :site, :number)"), numbers)
    for (day,) in connection.execute(sa.text(f"SELECT DISTINCT CAST(received_at AS date) FROM {_RECENT}")).all():
        _make_day(day.isoformat())
    for statement in _CARRY_OVER.split(";"):
        op.execute(statement)


def _number(tenant: str, site: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{tenant}\0{site}".encode(), digest_size=8).digest(), signed=True)


def _make_day(day: str) -> None:
    name = f"seen_events_{day.replace('-', '_')}"
    op.execute(f"CREATE TABLE {name} PARTITION OF seen_events FOR VALUES FROM ('{day}') TO (date '{day}' + 1)")
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
