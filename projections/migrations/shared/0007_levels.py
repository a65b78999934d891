"""Until when each generation is known to have dealt with everything, and which facts somebody has decided to leave out."""

from alembic import op

revision = "shared_0007"
down_revision = "shared_0006"

_TABLES = """
CREATE TABLE levels (
    generation INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    level_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (generation, partition)
);

CREATE TABLE left_out (
    seq BIGINT NOT NULL,
    stream TEXT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    said_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (seq, stream, first)
)
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
