"""How far each sink has forwarded which stream, and what stands in its way."""

from alembic import op

revision = "sinks_0001"
down_revision = None


def upgrade() -> None:
    """Create the table."""
    op.execute("""
        CREATE TABLE sinks (
            sink TEXT NOT NULL,
            stream TEXT NOT NULL,
            stream_created TIMESTAMP WITH TIME ZONE NOT NULL,
            seq BIGINT NOT NULL,
            message_id TEXT NOT NULL,
            forwarded BIGINT NOT NULL,
            refused BIGINT NOT NULL,
            skipped BIGINT NOT NULL,
            trouble TEXT DEFAULT '' NOT NULL,
            told_at TIMESTAMP WITH TIME ZONE NOT NULL,
            partition INTEGER NOT NULL,
            PRIMARY KEY (sink, stream)
        )
    """)
