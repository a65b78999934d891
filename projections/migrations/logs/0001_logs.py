"""The first tables of the logs projection: one row for each line, and how many there are of each sort in each hour."""

from alembic import op

revision = "logs_0001"
down_revision = None

_TABLES = """
CREATE TABLE logs (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    priority TEXT DEFAULT '' NOT NULL,
    subject TEXT DEFAULT '' NOT NULL,
    session TEXT DEFAULT '' NOT NULL,
    app_version TEXT DEFAULT '' NOT NULL,
    provider TEXT DEFAULT '' NOT NULL,
    sequence BIGINT,
    device JSONB,
    props JSONB,
    key TEXT DEFAULT '' NOT NULL,
    batch TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (tenant, site, received_at, event_id)
) PARTITION BY RANGE (received_at);

CREATE INDEX logs_by_occurred_at ON logs (tenant, site, occurred_at, received_at, event_id);
CREATE INDEX logs_by_kind ON logs (tenant, site, kind, received_at, event_id) INCLUDE (priority);
CREATE INDEX logs_by_name ON logs (tenant, site, name, received_at, event_id)
    INCLUDE (kind, priority, app_version, provider);
CREATE INDEX logs_by_priority ON logs (tenant, site, priority, received_at, event_id);
CREATE INDEX logs_by_subject ON logs (tenant, site, subject, received_at, event_id);
CREATE INDEX logs_by_session ON logs (tenant, site, session, received_at, event_id);
CREATE INDEX logs_by_app_version ON logs (tenant, site, app_version, received_at, event_id)
    INCLUDE (kind, priority, provider);
CREATE INDEX logs_by_provider ON logs (tenant, site, provider, received_at, event_id) INCLUDE (kind, priority);
CREATE INDEX logs_by_key ON logs (tenant, site, (coalesce(nullif(key, ''), event_id::text)), received_at, event_id);

CREATE TABLE log_counts (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    priority TEXT NOT NULL,
    lines BIGINT NOT NULL,
    PRIMARY KEY (tenant, site, hour, kind, priority)
);
"""


def upgrade() -> None:
    """Create the tables; the partitions of logs come with their months."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
