"""Facts and visits in numbers, in narrow tables with covering indexes; what they are in words are views."""

from alembic import op

revision = "web_0002"
down_revision = "web_0001"

_CLIENT = "country, region, device, browser, browser_version, os, os_version, language, screen, bot_rule, bot_name"
_ORIGIN = "source, channel, referrer, utm_source, utm_medium, utm_campaign, utm_term, utm_content, batch"

_IDS = """
CREATE TABLE tenant_ids (id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant TEXT NOT NULL UNIQUE);
CREATE TABLE site_ids (
    id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    UNIQUE (tenant, site)
);
"""

_DICTIONARY = """
CREATE TABLE {table} (
    id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant INTEGER NOT NULL,
    site INTEGER NOT NULL,
    fingerprint BYTEA NOT NULL,
    {columns},
    UNIQUE (site, fingerprint)
);
"""

# The widest columns first, so that nothing is lost between them.
_CODED = """
CREATE TABLE coded_hits (
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seq BIGINT NOT NULL,
    visitor BIGINT NOT NULL,
    event_id UUID NOT NULL,
    tenant INTEGER NOT NULL,
    site INTEGER NOT NULL,
    page INTEGER NOT NULL,
    client INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    name INTEGER NOT NULL,
    engaged_ms INTEGER NOT NULL,
    kind SMALLINT NOT NULL,
    scroll_percent SMALLINT NOT NULL,
    bot BOOLEAN NOT NULL,
    interactive BOOLEAN NOT NULL,
    revenue NUMERIC,
    currency TEXT,
    props JSONB
) PARTITION BY RANGE (occurred_at);

CREATE INDEX hits_by_time ON coded_hits (site, occurred_at) INCLUDE (visitor, tenant, page, name, kind, bot);
CREATE INDEX hits_by_page ON coded_hits (site, page, occurred_at) INCLUDE (visitor, tenant, bot) WHERE kind = 1;
CREATE INDEX hits_by_name ON coded_hits (site, name, occurred_at) INCLUDE (visitor, tenant, bot) WHERE kind = 2;

CREATE TABLE coded_visits (
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    entry_at TIMESTAMP WITH TIME ZONE,
    exit_at TIMESTAMP WITH TIME ZONE,
    visitor BIGINT NOT NULL,
    tenant INTEGER NOT NULL,
    site INTEGER NOT NULL,
    day DATE NOT NULL,
    pageviews INTEGER NOT NULL,
    events INTEGER NOT NULL,
    interactions INTEGER NOT NULL,
    engaged_ms INTEGER NOT NULL,
    began_tie INTEGER NOT NULL,
    page INTEGER NOT NULL,
    client INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    entry_tie INTEGER NOT NULL,
    entry_page INTEGER NOT NULL,
    exit_tie INTEGER NOT NULL,
    exit_page INTEGER NOT NULL,
    bot BOOLEAN NOT NULL,
    tail BYTEA
) PARTITION BY RANGE (day);

CREATE INDEX visits_by_visitor ON coded_visits (site, day, visitor, opened_at)
    INCLUDE (began_at, ended_at, tenant, pageviews, interactions, engaged_ms, client, origin, entry_page, exit_page, bot);
"""

# Invoked as whoever asks, so that the wall around the tables stands around the views. Each join is of one row that is there,
# and Postgres leaves out those whose words nobody asks for: to ask for a site by its number is much the cheapest.
_VIEWS = f"""
CREATE VIEW hits WITH (security_invoker = true) AS
SELECT site_ids.tenant, site_ids.site, occurred_at, event_id, CAST(occurred_at AT TIME ZONE 'UTC' AS date) AS day, seq,
       received_at, visitor, kind, hit.bot, interactive, engaged_ms, scroll_percent, revenue,
       coalesce(currency, '') AS currency, props, pages.hostname, pages.path,
       coalesce(event_names.name, '') AS name, {_CLIENT}, {_ORIGIN}, hit.site AS site_id, hit.page AS page_id,
       hit.client AS client_id, hit.origin AS origin_id, hit.name AS name_id
FROM coded_hits AS hit
LEFT JOIN site_ids ON site_ids.id = hit.site
LEFT JOIN pages ON pages.id = hit.page
LEFT JOIN clients ON clients.id = hit.client
LEFT JOIN origins ON origins.id = hit.origin
LEFT JOIN event_names ON event_names.id = hit.name;

CREATE VIEW visits WITH (security_invoker = true) AS
SELECT site_ids.tenant, site_ids.site, day, visitor, visit.bot, opened_at, closed_at, began_at, ended_at, entry_at, exit_at,
       pageviews, events, interactions, engaged_ms, coalesce(pages.hostname, '') AS hostname,
       coalesce(entries.path, '') AS entry_path, coalesce(exits.path, '') AS exit_path,
       {", ".join(f"coalesce({name.strip()}, '') AS {name.strip()}" for name in f"{_CLIENT}, {_ORIGIN}".split(","))},
       visit.site AS site_id, visit.page AS page_id, visit.client AS client_id, visit.origin AS origin_id,
       visit.entry_page AS entry_page_id, visit.exit_page AS exit_page_id, tail
FROM coded_visits AS visit
LEFT JOIN site_ids ON site_ids.id = visit.site
LEFT JOIN pages ON pages.id = visit.page
LEFT JOIN pages AS entries ON entries.id = visit.entry_page
LEFT JOIN pages AS exits ON exits.id = visit.exit_page
LEFT JOIN clients ON clients.id = visit.client
LEFT JOIN origins ON origins.id = visit.origin;
"""


def upgrade() -> None:
    """Create the tables and the views, and bring over what the tables before them hold."""
    columns = {"pages": "hostname, path", "clients": _CLIENT, "origins": _ORIGIN, "event_names": "name"}
    _run(_IDS)
    for table, names in columns.items():
        listed = ",\n    ".join(f"{name.strip()} TEXT DEFAULT '' NOT NULL" for name in names.split(","))
        _run(_DICTIONARY.format(table=table, columns=listed))
    _run(_CODED)
    _run("ALTER TABLE hits RENAME TO old_hits; ALTER TABLE visits RENAME TO old_visits")
    _bring_over(columns)
    _run("DROP TABLE old_hits, old_visits")
    _run(_VIEWS)


def _run(statements: str) -> None:
    for statement in statements.split(";"):
        if statement.strip():
            op.execute(statement)


_PARTITION = """
DO $$
DECLARE old RECORD;
BEGIN
    FOR old IN
        SELECT part.relname AS name, pg_get_expr(part.relpartbound, part.oid) AS bound
        FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid WHERE inhparent = 'old_{table}'::regclass
    LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF coded_{table} %s', 'coded_' || old.name, old.bound);
    END LOOP;
END $$
"""
_NUMBER = "('x' || {of})::bit({bits})::{type}"
_LAST_BYTES = "right(encode(old.visitor, 'hex'), 16)"
_VISITOR_NUMBER = f"coalesce(nullif({_NUMBER.format(of=_LAST_BYTES, bits=64, type='bigint')}, 0), {-(1 << 63)})"
_VISITOR = f"CASE WHEN old.visitor = '' THEN 0 ELSE {_VISITOR_NUMBER} END"


def _tie(column: str) -> str:
    hexed = f"replace(old.{column}::text, '-', '')"
    words = (_NUMBER.format(of=f"substr({hexed}, {start}, 8)", bits=32, type="int") for start in (1, 9, 17, 25))
    return f"coalesce({' # '.join(words)}, 0)"


def _print(names: str) -> str:
    told = " || ".join(f"char_length({name.strip()}) || ':' || {name.strip()}" for name in names.split(","))
    return f"substr(sha256(convert_to({told}, 'UTF8')), 1, 16)"


def _bring_over(columns: dict[str, str]) -> None:
    for table in ("hits", "visits"):
        op.execute(_PARTITION.format(table=table))
    op.execute("INSERT INTO tenant_ids (tenant) SELECT DISTINCT tenant FROM old_hits")
    op.execute(
        "INSERT INTO site_ids (owner, tenant, site) SELECT DISTINCT tenant_ids.id, tenant, site FROM old_hits"
        " JOIN tenant_ids USING (tenant)"
    )
    hits = _rows("old_hits", "os_version, language, screen", columns)
    visits = _rows("old_visits", "os_version, language, screen, batch, bot_rule, bot_name, path, name", columns)
    for table, names in columns.items():
        for rows in [hits, visits] if table in {"clients", "origins"} else [hits]:
            listed = ", ".join(f"old.{name.strip()}" for name in names.split(","))
            op.execute(
                f"INSERT INTO {table} (tenant, site, fingerprint, {names})"
                f" SELECT DISTINCT of.owner, of.id, {table}_print, {listed} FROM {rows} ON CONFLICT DO NOTHING"
            )
    op.execute(f"""
        INSERT INTO coded_hits (occurred_at, received_at, seq, visitor, event_id, tenant, site, page, client, origin, name,
            engaged_ms, kind, scroll_percent, bot, interactive, revenue, currency, props)
        SELECT old.occurred_at, old.received_at, old.seq, {_VISITOR}, old.event_id, of.owner, of.id, pages.id, clients.id,
            origins.id, CASE WHEN old.kind = 2 THEN event_names.id ELSE 0 END, old.engaged_ms, old.kind, old.scroll_percent,
            old.bot, old.interactive, old.revenue, nullif(old.currency, ''), old.props
        FROM {hits} {_joined("pages", "clients", "origins", "event_names")}
    """)
    op.execute(f"""
        INSERT INTO coded_visits (opened_at, closed_at, began_at, ended_at, entry_at, exit_at, visitor, tenant, site, day,
            pageviews, events, interactions, engaged_ms, began_tie, page, client, origin, entry_tie, entry_page, exit_tie,
            exit_page, bot, tail)
        SELECT old.opened_at, old.closed_at, old.began_at, old.ended_at, old.entry_at, old.exit_at, {_VISITOR}, of.owner, of.id,
            (old.opened_at AT TIME ZONE 'UTC')::date, old.pageviews, old.events, old.interactions, old.engaged_ms,
            {_tie("began_id")}, coalesce(first.page, 0), CASE WHEN old.began_at IS NULL THEN 0 ELSE clients.id END,
            CASE WHEN old.began_at IS NULL THEN 0 ELSE origins.id END, {_tie("entry_id")}, coalesce(entry.page, 0),
            {_tie("exit_id")}, coalesce(exit.page, 0), old.bot,
            (SELECT string_agg(int8send((extract(epoch FROM at) * 1000000)::bigint) || int4send(ms), ''::bytea ORDER BY at, ms)
             FROM unnest(old.tail_at, old.tail_ms) AS report (at, ms))
        FROM {visits} {_joined("clients", "origins")} {_step("began", "first")}
            {_step("entry", "entry")} {_step("exit", "exit")}
    """)


def _rows(table: str, missing: str, columns: dict[str, str]) -> str:
    """Return the rows of a table of before, each with what the dictionaries find its values by, beside their site."""
    absent = ", ".join(f"'' AS {name.strip()}" for name in missing.split(","))
    prints = ", ".join(f"{_print(names)} AS {name}_print" for name, names in columns.items())
    return f"""(SELECT *, {prints} FROM (SELECT *, {absent} FROM {table}) AS filled) AS old
        JOIN site_ids AS of ON of.tenant = old.tenant AND of.site = old.site"""


def _joined(*dictionaries: str) -> str:
    return " ".join(f"LEFT JOIN {name} ON ({name}.site, {name}.fingerprint) = (of.id, {name}_print)" for name in dictionaries)


def _step(which: str, alias: str) -> str:
    return f"""LEFT JOIN coded_hits AS {alias} ON {alias}.site = of.id AND {alias}.occurred_at = old.{which}_at
        AND {alias}.event_id = old.{which}_id"""
