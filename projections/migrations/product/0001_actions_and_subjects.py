"""The first tables of the product projection: one row for each action, each subject, and each stay of theirs."""

from alembic import op

revision = "product_0001"
down_revision = None

_TABLES = """
CREATE TABLE actions (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    duration_ms BIGINT,
    exit_code BIGINT,
    name TEXT DEFAULT '' NOT NULL,
    subject TEXT DEFAULT '' NOT NULL,
    device TEXT DEFAULT '' NOT NULL,
    session TEXT DEFAULT '' NOT NULL,
    version TEXT DEFAULT '' NOT NULL,
    os TEXT DEFAULT '' NOT NULL,
    host TEXT DEFAULT '' NOT NULL,
    host_version TEXT DEFAULT '' NOT NULL,
    country TEXT DEFAULT '' NOT NULL,
    region TEXT DEFAULT '' NOT NULL,
    batch TEXT DEFAULT '' NOT NULL,
    props JSONB NOT NULL,
    PRIMARY KEY (tenant, site, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);

CREATE INDEX actions_by_subject ON actions (tenant, site, subject, occurred_at, event_id);

CREATE INDEX actions_by_name ON actions (tenant, site, name, occurred_at, event_id);

CREATE TABLE subjects (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    subject TEXT NOT NULL,
    first_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    actions BIGINT NOT NULL,
    descriptions BIGINT NOT NULL,
    stays BIGINT NOT NULL,
    traits JSONB NOT NULL,
    told JSONB NOT NULL,
    PRIMARY KEY (tenant, site, subject)
);

CREATE INDEX subjects_by_last_seen ON subjects (tenant, site, last_seen);

CREATE TABLE stays (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    subject TEXT NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    actions BIGINT NOT NULL,
    PRIMARY KEY (tenant, site, subject, opened_at)
);

CREATE INDEX stays_by_time ON stays (tenant, site, opened_at);
"""


def upgrade() -> None:
    """Create the tables; the partitions of actions come with their months."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
