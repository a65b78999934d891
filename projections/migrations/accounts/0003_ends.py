"""How the facts of each site ended, by the hour of their receipt, and what quarantine says of when a fact came."""

from alembic import op

revision = "accounts_0003"
down_revision = "accounts_0002"

_TABLES = """
CREATE TABLE ends (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    partition INTEGER NOT NULL,
    ending TEXT NOT NULL,
    imported BOOLEAN NOT NULL,
    facts BIGINT NOT NULL,
    PRIMARY KEY (tenant, site, hour, partition, ending, imported)
);

CREATE TABLE ends_since (
    partition INTEGER NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (partition)
);

INSERT INTO ends_since (partition, received_at)
SELECT partition, coalesce(received_at, now()) FROM positions WHERE seq > 0;

CREATE TABLE dropped (
    partition INTEGER NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (partition, first, last, seq)
);

ALTER TABLE quarantine ADD COLUMN came_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE quarantine ADD COLUMN imported BOOLEAN DEFAULT false NOT NULL
"""


def upgrade() -> None:
    """Create the tables, and remember what was dealt with before there were any."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
