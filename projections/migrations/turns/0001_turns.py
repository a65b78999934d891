"""The first tables of the turns projection: one row for each fact, turn, vote, conversation, and subject on a journey."""

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
CREATE INDEX turn_facts_by_kind ON turn_facts (tenant, site, kind, occurred_at) INCLUDE (subject, name, duration_ms);
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
CREATE INDEX turns_by_end ON turns (tenant, site, settled_at) INCLUDE (votes);
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
CREATE INDEX conversations_by_start ON conversations (tenant, site, opened_at);
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
"""


def upgrade() -> None:
    """Create the tables; the partitions of turn_facts come with their months."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)
