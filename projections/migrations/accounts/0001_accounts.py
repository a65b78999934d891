"""What every generation keeps account in: positions, totals, the ids that were seen, and quarantine."""

from alembic import op

revision = "accounts_0001"
down_revision = None

_TABLES = """
CREATE TABLE positions (
    partition INTEGER NOT NULL,
    partitions INTEGER NOT NULL,
    stream_created TIMESTAMP WITH TIME ZONE NOT NULL,
    first_seq BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    applied BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    quarantined BIGINT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (partition)
);

CREATE TABLE totals (
    tenant TEXT NOT NULL,
    partition INTEGER NOT NULL,
    applied BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    quarantined BIGINT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (tenant, partition)
);

CREATE TABLE seen_events (
    event_id UUID NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    imported BOOLEAN NOT NULL,
    PRIMARY KEY (event_id, tenant, site)
);

CREATE TABLE quarantine (
    partition INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    tenant TEXT DEFAULT '' NOT NULL,
    site TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    contract TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (partition, seq)
);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
