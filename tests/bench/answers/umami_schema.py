"""Umami's two large tables with all their indexes, so that its questions are asked of what it would have asked itself.

Which columns, keys and indexes there are is what Umami 3.1.0 (https://github.com/umami-software/umami, commit c0ea3aefb, MIT
licence) has in Postgres once its 19 Prisma migrations have run; the words are ours, and everything is in a schema of its own.
Its other tables are empty where nobody made boards, links or replays, and none of the questions looks at them.
"""

SCHEMA = "umami"

_COLUMNS = {
    "session": (
        "session_id uuid PRIMARY KEY",
        "website_id uuid NOT NULL",
        "browser varchar(20)",
        "os varchar(20)",
        "device varchar(20)",
        "screen varchar(11)",
        "language varchar(35)",
        "country char(2)",
        "region varchar(20)",
        "city varchar(50)",
        "distinct_id varchar(50)",
        "created_at timestamptz(6) DEFAULT CURRENT_TIMESTAMP",
    ),
    "website_event": (
        "event_id uuid PRIMARY KEY",
        "website_id uuid NOT NULL",
        "session_id uuid NOT NULL",
        "visit_id uuid NOT NULL",
        "created_at timestamptz(6) DEFAULT CURRENT_TIMESTAMP",
        "url_path varchar(500) NOT NULL",
        "url_query varchar(500)",
        *(f"utm_{name} varchar(255)" for name in ("source", "medium", "campaign", "content", "term")),
        *(f"referrer_{name} varchar(500)" for name in ("path", "query", "domain")),
        "page_title varchar(500)",
        *(f"{name} varchar(255)" for name in ("gclid", "fbclid", "msclkid", "ttclid", "li_fat_id", "twclid")),
        "event_type integer NOT NULL DEFAULT 1",
        "event_name varchar(50)",
        "tag varchar(50)",
        "hostname varchar(100)",
        *(f"{name} numeric(10, 1)" for name in ("lcp", "inp", "fcp", "ttfb")),
        "cls numeric(10, 4)",
    ),
}
_BY_SITE_AND_TIME = {
    "session": ("browser", "os", "device", "screen", "language", "country", "region", "city"),
    "website_event": ("url_path", "url_query", "referrer_domain", "page_title", "event_name", "tag", "hostname"),
}
_FURTHER = {
    "session": ("created_at", "website_id", "website_id, created_at"),
    "website_event": (
        *("created_at", "session_id", "visit_id", "website_id", "website_id, created_at"),
        *("website_id, session_id, created_at", "website_id, visit_id, created_at"),
    ),
}
TABLES = tuple(_COLUMNS)

CREATE = (
    f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
    *(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{table} ({', '.join(columns)})" for table, columns in _COLUMNS.items()),
)
# After the rows, which is the kindest order: indexes that grew row by row are larger.
INDEX = tuple(
    f"CREATE INDEX IF NOT EXISTS {table}_{number} ON {SCHEMA}.{table} ({columns})"
    for table in TABLES
    for number, columns in enumerate(
        (*_FURTHER[table], *(f"website_id, created_at, {one}" for one in _BY_SITE_AND_TIME[table]))
    )
)
