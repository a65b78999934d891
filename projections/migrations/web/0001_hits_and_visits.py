"""The first tables of the web projection: one row for each fact, and one for each visit."""

from alembic import op

revision = "web_0001"
down_revision = None

_TABLES = """
CREATE TABLE hits (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    day DATE NOT NULL,
    visitor BYTEA NOT NULL,
    kind SMALLINT NOT NULL,
    bot BOOLEAN NOT NULL,
    bot_rule TEXT DEFAULT '' NOT NULL,
    bot_name TEXT DEFAULT '' NOT NULL,
    hostname TEXT DEFAULT '' NOT NULL,
    path TEXT DEFAULT '' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    props JSONB,
    interactive BOOLEAN NOT NULL,
    engaged_ms INTEGER DEFAULT 0 NOT NULL,
    scroll_percent SMALLINT DEFAULT 0 NOT NULL,
    revenue NUMERIC,
    currency TEXT DEFAULT '' NOT NULL,
    country TEXT DEFAULT '' NOT NULL,
    region TEXT DEFAULT '' NOT NULL,
    device TEXT DEFAULT '' NOT NULL,
    browser TEXT DEFAULT '' NOT NULL,
    browser_version TEXT DEFAULT '' NOT NULL,
    os TEXT DEFAULT '' NOT NULL,
    source TEXT DEFAULT '' NOT NULL,
    channel TEXT DEFAULT '' NOT NULL,
    referrer TEXT DEFAULT '' NOT NULL,
    utm_source TEXT DEFAULT '' NOT NULL,
    utm_medium TEXT DEFAULT '' NOT NULL,
    utm_campaign TEXT DEFAULT '' NOT NULL,
    utm_term TEXT DEFAULT '' NOT NULL,
    utm_content TEXT DEFAULT '' NOT NULL,
    batch TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (tenant, site, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);

CREATE TABLE visits (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    day DATE NOT NULL,
    visitor BYTEA NOT NULL,
    bot BOOLEAN NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    began_id UUID,
    pageviews INTEGER NOT NULL,
    events INTEGER NOT NULL,
    interactions INTEGER NOT NULL,
    entry_at TIMESTAMP WITH TIME ZONE,
    entry_id UUID,
    entry_path TEXT DEFAULT '' NOT NULL,
    exit_at TIMESTAMP WITH TIME ZONE,
    exit_id UUID,
    exit_path TEXT DEFAULT '' NOT NULL,
    tail_at TIMESTAMP WITH TIME ZONE[] NOT NULL,
    tail_ms INTEGER[] NOT NULL,
    engaged_ms INTEGER NOT NULL,
    hostname TEXT DEFAULT '' NOT NULL,
    country TEXT DEFAULT '' NOT NULL,
    region TEXT DEFAULT '' NOT NULL,
    device TEXT DEFAULT '' NOT NULL,
    browser TEXT DEFAULT '' NOT NULL,
    browser_version TEXT DEFAULT '' NOT NULL,
    os TEXT DEFAULT '' NOT NULL,
    source TEXT DEFAULT '' NOT NULL,
    channel TEXT DEFAULT '' NOT NULL,
    referrer TEXT DEFAULT '' NOT NULL,
    utm_source TEXT DEFAULT '' NOT NULL,
    utm_medium TEXT DEFAULT '' NOT NULL,
    utm_campaign TEXT DEFAULT '' NOT NULL,
    utm_term TEXT DEFAULT '' NOT NULL,
    utm_content TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (tenant, site, day, visitor, bot, opened_at)
) PARTITION BY RANGE (day);

CREATE INDEX visits_by_start ON visits (tenant, site, began_at);
"""


def upgrade() -> None:
    """Create the tables; the partitions of hits and visits come with their months."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
