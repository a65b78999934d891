"""Which sequences are gone with a deleted site, and the last word about each erasure."""

from alembic import op

revision = "shared_0005"
down_revision = "shared_0004"

_TABLES = """
CREATE TABLE erased (
    seq BIGINT NOT NULL,
    stream TEXT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    said_at TIMESTAMP WITH TIME ZONE NOT NULL,
    tenant TEXT DEFAULT '' NOT NULL,
    site TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (seq, stream, first)
);

CREATE TABLE erasures (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    stream TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant, site, stream)
);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
