"""The toy family's only table."""

from alembic import op

revision = "toy_0001"
down_revision = None


def upgrade() -> None:
    """Create the table."""
    op.execute("CREATE TABLE polls (poll TEXT NOT NULL, title TEXT, votes INTEGER NOT NULL, PRIMARY KEY (poll))")
