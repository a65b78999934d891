"""What nothing is computed from: the browsers that are signed in with the access token; whoever loses it signs in again."""

from alembic import op

revision = "shared_0004"
down_revision = "shared_0003"


def upgrade() -> None:
    """Create the table."""
    op.execute("""
        CREATE TABLE sign_ins (
            digest TEXT NOT NULL,
            expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
            PRIMARY KEY (digest)
        )
    """)
