"""What a database has once: the list of generations, of which one of each projection is read."""

from alembic import op

revision = "shared_0001"
down_revision = None


def upgrade() -> None:
    """Create the table."""
    op.execute("""
        CREATE TABLE generations (
            id INTEGER GENERATED ALWAYS AS IDENTITY NOT NULL,
            projection TEXT NOT NULL,
            generation INTEGER NOT NULL,
            schema_name TEXT NOT NULL,
            state TEXT NOT NULL,
            PRIMARY KEY (id),
            UNIQUE (projection, generation),
            UNIQUE (schema_name)
        )
    """)
    op.execute("CREATE UNIQUE INDEX one_current_generation ON generations (projection) WHERE state = 'current'")
