"""What a database has once, too: how every hit ended, as the ingest processes tell it."""

from alembic import op

revision = "shared_0002"
down_revision = "shared_0001"

_TABLES = """
CREATE TABLE tallies (
    run TEXT NOT NULL,
    part BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    dialect TEXT NOT NULL,
    ending TEXT NOT NULL,
    reason TEXT NOT NULL,
    key_id TEXT NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    hits BIGINT NOT NULL,
    landed BIGINT NOT NULL,
    not_landed BIGINT NOT NULL,
    PRIMARY KEY (run, part, tenant, site, dialect, ending, reason, key_id)
);

CREATE INDEX tallies_by_hour ON tallies (tenant, hour);

CREATE INDEX tallies_by_site ON tallies (tenant, site, hour);

CREATE TABLE tally_runs (
    run TEXT NOT NULL,
    version TEXT DEFAULT '' NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended BOOLEAN NOT NULL,
    PRIMARY KEY (run)
);

CREATE TABLE tally_reading (
    stream_created TIMESTAMP WITH TIME ZONE NOT NULL,
    seq BIGINT NOT NULL,
    looked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (id)
);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
