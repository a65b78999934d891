"""What shows that something is set up wrongly for a site, by the hour, as the ingest processes tell it."""

from alembic import op

revision = "shared_0006"
down_revision = "shared_0005"

_TABLE = """
CREATE TABLE tally_signs (
    run TEXT NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    hits BIGINT NOT NULL,
    pages BIGINT NOT NULL,
    unread BIGINT NOT NULL,
    private BIGINT NOT NULL,
    addresses BIGINT NOT NULL,
    agents BIGINT NOT NULL,
    ahead BIGINT NOT NULL,
    behind BIGINT NOT NULL,
    loaded BIGINT NOT NULL,
    PRIMARY KEY (run, hour, tenant, site)
);

CREATE INDEX tally_signs_by_site ON tally_signs (tenant, site, hour);
"""


def upgrade() -> None:
    """Create the table."""
    for statement in _TABLE.split(";"):
        if statement.strip():
            op.execute(statement)
