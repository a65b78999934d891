"""What a report of telemetry is made of: counts by day, who was there when, and runs."""

from alembic import op

revision = "product_0002"
down_revision = "product_0001"

_TABLES = """
CREATE TABLE telemetry_counts (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    day DATE NOT NULL,
    what TEXT NOT NULL,
    value TEXT NOT NULL,
    hits BIGINT NOT NULL,
    PRIMARY KEY (tenant, site, day, what, value)
);

CREATE TABLE telemetry_durations (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    day DATE NOT NULL,
    ms BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    told BIGINT NOT NULL,
    wait_ms NUMERIC NOT NULL,
    PRIMARY KEY (tenant, site, day, ms)
);

CREATE TABLE telemetry_presences (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    day DATE NOT NULL,
    person UUID NOT NULL,
    hours INTEGER NOT NULL,
    countries TEXT[] NOT NULL,
    names TEXT[] NOT NULL,
    versions TEXT[] NOT NULL,
    systems TEXT[] NOT NULL,
    PRIMARY KEY (tenant, site, day, person)
);

CREATE TABLE runs (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    subject TEXT NOT NULL,
    session TEXT NOT NULL,
    fact TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    exit_code BIGINT,
    duration_ms BIGINT NOT NULL,
    is_interactive BOOLEAN NOT NULL,
    output TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (tenant, site, subject, session, fact)
);

CREATE INDEX runs_by_last ON runs (tenant, site, last_at);

CREATE INDEX runs_ranked ON runs (tenant, site, exit_code, is_interactive, duration_ms);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
