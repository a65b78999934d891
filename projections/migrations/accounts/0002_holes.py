"""What every generation keeps account in besides: the holes that it met, and the erased sites whose rows it has given up."""

from alembic import op

revision = "accounts_0002"
down_revision = "accounts_0001"

_TABLES = """
CREATE TABLE holes (
    partition INTEGER NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (partition, first)
);

CREATE TABLE erased_sites (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    partition INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant, site, partition)
);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
