"""What a database has once, too: every thing of the control plane, as the decisions about it leave it."""

from alembic import op

revision = "shared_0003"
down_revision = "shared_0002"

_TABLES = """
CREATE TABLE control_things (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    tenant TEXT DEFAULT '' NOT NULL,
    owner TEXT DEFAULT '' NOT NULL,
    version INTEGER NOT NULL,
    state JSONB NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX control_things_by_tenant ON control_things (tenant, kind, id);

CREATE INDEX control_things_by_kind ON control_things (kind, owner);

CREATE TABLE control_reading (
    stream_created TIMESTAMP WITH TIME ZONE NOT NULL,
    seq BIGINT NOT NULL,
    message_id TEXT DEFAULT '' NOT NULL,
    tenants INTEGER DEFAULT 0 NOT NULL,
    members INTEGER DEFAULT 0 NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE control_unreadable (
    seq BIGINT NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (seq)
);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
