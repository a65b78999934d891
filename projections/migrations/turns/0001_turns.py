"""The first tables of the turns projection: facts, turns, votes, conversations and journeys, and what is added up of them."""

from alembic import op

revision = "turns_0001"
down_revision = None

_TABLES = """
CREATE TABLE turn_facts (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind SMALLINT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    key TEXT DEFAULT '' NOT NULL,
    subject TEXT DEFAULT '' NOT NULL,
    turn TEXT DEFAULT '' NOT NULL,
    conversation TEXT DEFAULT '' NOT NULL,
    journey TEXT DEFAULT '' NOT NULL,
    step TEXT DEFAULT '' NOT NULL,
    session TEXT DEFAULT '' NOT NULL,
    sequence BIGINT,
    model TEXT DEFAULT '' NOT NULL,
    provider TEXT DEFAULT '' NOT NULL,
    prompt_version TEXT DEFAULT '' NOT NULL,
    prompt TEXT DEFAULT '' NOT NULL,
    response TEXT DEFAULT '' NOT NULL,
    duration_ms BIGINT,
    value FLOAT,
    comment TEXT DEFAULT '' NOT NULL,
    word TEXT DEFAULT '' NOT NULL,
    size BIGINT,
    retry INTEGER DEFAULT '0' NOT NULL,
    is_last BOOLEAN DEFAULT 'false' NOT NULL,
    props JSONB,
    PRIMARY KEY (tenant, site, occurred_at, event_id)
)
 PARTITION BY RANGE (occurred_at);
CREATE INDEX turn_facts_by_kind ON turn_facts (tenant, site, kind, occurred_at, event_id);
CREATE INDEX turn_facts_with_words ON turn_facts (tenant, site, occurred_at, event_id)
    WHERE prompt <> '' OR response <> '' OR comment <> '';
CREATE INDEX turn_facts_by_conversation ON turn_facts (tenant, site, conversation, occurred_at) WHERE conversation <> '';
CREATE INDEX turn_facts_by_turn ON turn_facts (tenant, site, turn) WHERE turn <> '';
CREATE INDEX turn_facts_by_subject ON turn_facts (tenant, site, subject, occurred_at);

CREATE TABLE turns (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    turn TEXT NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    begun_at TIMESTAMP WITH TIME ZONE,
    begun_id UUID,
    begun_words TEXT[],
    settled_at TIMESTAMP WITH TIME ZONE,
    settled_id UUID,
    answered BOOLEAN,
    error TEXT DEFAULT '' NOT NULL,
    settled_words TEXT[],
    duration_ms BIGINT,
    ups INTEGER NOT NULL,
    downs INTEGER NOT NULL,
    votes INTEGER NOT NULL,
    comments INTEGER NOT NULL,
    subject TEXT DEFAULT '' NOT NULL,
    conversation TEXT DEFAULT '' NOT NULL,
    journey TEXT DEFAULT '' NOT NULL,
    step TEXT DEFAULT '' NOT NULL,
    model TEXT DEFAULT '' NOT NULL,
    provider TEXT DEFAULT '' NOT NULL,
    prompt_version TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (tenant, site, turn)
);
CREATE INDEX turns_by_end ON turns (tenant, site, settled_at);
CREATE INDEX turns_by_subject ON turns (tenant, site, subject);

CREATE TABLE votes (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_id UUID NOT NULL,
    subject TEXT DEFAULT '' NOT NULL,
    turn TEXT DEFAULT '' NOT NULL,
    value FLOAT,
    comment TEXT DEFAULT '' NOT NULL,
    duration_ms BIGINT,
    key TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (tenant, site, occurred_at, event_id)
);
CREATE INDEX votes_by_subject ON votes (tenant, site, subject);
CREATE INDEX votes_with_comment ON votes (tenant, site, occurred_at, event_id) WHERE comment <> '';
CREATE INDEX votes_by_turn ON votes (tenant, site, turn);

CREATE TABLE conversations (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    conversation TEXT NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    named_at TIMESTAMP WITH TIME ZONE,
    named_id UUID,
    subject TEXT DEFAULT '' NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    ended_id UUID,
    outcome TEXT DEFAULT '' NOT NULL,
    messages BIGINT,
    answered INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    PRIMARY KEY (tenant, site, conversation)
);
CREATE INDEX conversations_by_start ON conversations (tenant, site, started_at);
CREATE INDEX conversations_by_end ON conversations (tenant, site, ended_at);
CREATE INDEX conversations_by_subject ON conversations (tenant, site, subject);

CREATE TABLE journeys (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    journey TEXT NOT NULL,
    subject TEXT NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    steps TEXT[] NOT NULL,
    times INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    PRIMARY KEY (tenant, site, journey, subject)
);
CREATE INDEX journeys_by_start ON journeys (tenant, site, first_at);
CREATE INDEX journeys_by_subject ON journeys (tenant, site, subject);

CREATE TABLE turn_fact_hours (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    kind SMALLINT NOT NULL,
    name TEXT NOT NULL,
    took SMALLINT NOT NULL,
    facts BIGINT NOT NULL,
    timed BIGINT NOT NULL,
    total_ms NUMERIC NOT NULL,
    sized BIGINT NOT NULL,
    total_size NUMERIC NOT NULL,
    finished BIGINT NOT NULL,
    PRIMARY KEY (tenant, site, hour, kind, name, took)
);

CREATE TABLE turn_hours (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    part SMALLINT NOT NULL,
    value TEXT NOT NULL,
    turns BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    votes BIGINT NOT NULL,
    ups BIGINT NOT NULL,
    downs BIGINT NOT NULL,
    voted BIGINT NOT NULL,
    timed BIGINT NOT NULL,
    total_ms NUMERIC NOT NULL,
    PRIMARY KEY (tenant, site, hour, part, value)
);

CREATE TABLE turn_times (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    day DATE NOT NULL,
    part SMALLINT NOT NULL,
    value TEXT NOT NULL,
    took_ms BIGINT NOT NULL,
    turns BIGINT NOT NULL,
    PRIMARY KEY (tenant, site, day, part, value, took_ms)
);

CREATE TABLE vote_hours (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    every BIGINT NOT NULL,
    votes BIGINT NOT NULL,
    ups BIGINT NOT NULL,
    downs BIGINT NOT NULL,
    total NUMERIC NOT NULL,
    comments BIGINT NOT NULL,
    comment_chars BIGINT NOT NULL,
    comments_up BIGINT NOT NULL,
    comments_down BIGINT NOT NULL,
    timed BIGINT NOT NULL,
    total_ms NUMERIC NOT NULL,
    late_us BIGINT NOT NULL,
    late_up_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, site, hour)
);

CREATE TABLE turn_subjects (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    span SMALLINT NOT NULL,
    day DATE NOT NULL,
    subject TEXT NOT NULL,
    facts INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    timed INTEGER NOT NULL,
    total_ms NUMERIC NOT NULL,
    votes INTEGER NOT NULL,
    ups INTEGER NOT NULL,
    voted_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (tenant, site, span, day, subject)
);
"""


def upgrade() -> None:
    """Create the tables; the partitions of turn_facts come with their months."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
