"""What can be added up of whole days: their marks, quarter hours, values a day, and the numbers of values."""

from alembic import op

revision = "web_0003"
down_revision = "web_0002"

_TABLES = """
CREATE TABLE site_days (
    tenant INTEGER NOT NULL,
    site INTEGER NOT NULL,
    day DATE NOT NULL,
    state SMALLINT NOT NULL,
    claim BIGINT NOT NULL,
    shape INTEGER NOT NULL,
    many SMALLINT[] NOT NULL,
    PRIMARY KEY (site, day)
);
CREATE INDEX site_days_to_do ON site_days (day, site) WHERE state <> 2;

CREATE TABLE slots (
    slot TIMESTAMP WITH TIME ZONE NOT NULL,
    duration_ms BIGINT NOT NULL,
    visits INTEGER NOT NULL,
    firsts INTEGER NOT NULL,
    lasts INTEGER NOT NULL,
    views INTEGER NOT NULL,
    bounces INTEGER NOT NULL,
    pageviews INTEGER NOT NULL,
    events INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    site INTEGER NOT NULL,
    bot BOOLEAN NOT NULL
);
CREATE INDEX slots_by_time ON slots (site, bot, slot);

CREATE TABLE day_visits (
    duration_ms BIGINT NOT NULL,
    tenant INTEGER NOT NULL,
    site INTEGER NOT NULL,
    day DATE NOT NULL,
    value INTEGER NOT NULL,
    visitors INTEGER NOT NULL,
    visits INTEGER NOT NULL,
    views INTEGER NOT NULL,
    bounces INTEGER NOT NULL,
    events INTEGER NOT NULL,
    dimension SMALLINT NOT NULL,
    bot BOOLEAN NOT NULL
);
CREATE INDEX day_visits_by_dimension ON day_visits (site, bot, dimension, day);

CREATE TABLE day_hits (
    tenant INTEGER NOT NULL,
    site INTEGER NOT NULL,
    day DATE NOT NULL,
    value INTEGER NOT NULL,
    visitors INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    dimension SMALLINT NOT NULL,
    bot BOOLEAN NOT NULL
);
CREATE INDEX day_hits_by_dimension ON day_hits (site, bot, dimension, day);

CREATE TABLE rollup_words (
    id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant INTEGER NOT NULL,
    site INTEGER NOT NULL,
    digest BYTEA NOT NULL,
    word TEXT NOT NULL,
    UNIQUE (site, digest)
)
"""


# What was counted before there were rollups is as dirty as what comes now.
_EVERY_DAY = """
INSERT INTO site_days (tenant, site, day, state, claim, shape, many)
SELECT DISTINCT tenant, site, CAST(occurred_at AT TIME ZONE 'UTC' AS date), 0, 0, 0, CAST('{}' AS smallint[]) FROM coded_hits
"""


def upgrade() -> None:
    """Create the tables, and mark every day that has facts already."""
    for statement in (*_TABLES.split(";"), _EVERY_DAY):
        op.execute(statement)
