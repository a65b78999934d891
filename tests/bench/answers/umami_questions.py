"""Umami's questions: the SQL that its dashboard's answers are made of, written after what they do.

Each does what the function of that name in src/queries/sql of Umami 3.1.0 (commit c0ea3aefb, MIT licence) does on Postgres; the
words are ours. Of pageviews alone are an overview, a series and every list but that of events. A filter by what a session has
joins the sessions. A filter by an event keeps nothing there, because it looks for the event's name on pageviews; who wants
the visits with an event makes a cohort of those who sent it, and so do we.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

# Dimension and value.
Filters: TypeAlias = Sequence[tuple[str, str]]

_OF_SESSION = ("country", "device", "browser")
_COLUMNS = {name: f"session.{name}" for name in _OF_SESSION} | {
    "page": "website_event.url_path",
    "source": "website_event.referrer_domain",
    "entry_page": "x.url_path",
    "exit_page": "x.url_path",
}
_WITH_SESSION = (
    "JOIN session ON session.session_id = website_event.session_id AND session.website_id = website_event.website_id"
)
_NOT_OUR_OWN = "website_event.referrer_domain != regexp_replace(website_event.hostname, '^www.', '')"
# $1 is the site, $2 and $3 the first and the last moment.
_ASKED = """
    website_event.website_id = $1 AND website_event.created_at BETWEEN $2 AND $3 AND website_event.event_type NOT IN (2, 5)
"""
_COHORT = """
    JOIN (
        SELECT DISTINCT website_event.session_id FROM website_event {session}
        WHERE website_event.website_id = $1 AND website_event.created_at BETWEEN $2 AND $3
            AND website_event.event_name = ANY(${number})
    ) AS cohort ON cohort.session_id = website_event.session_id
"""
# The first or the last page of each visit, of all visits of the period, whatever the filters.
_END_OF_VISIT = """
    JOIN (
        SELECT DISTINCT ON (visit_id) visit_id, url_path FROM website_event WHERE {asked}
        ORDER BY visit_id, created_at {order}
    ) AS x ON x.visit_id = website_event.visit_id
"""
_ENDS: Mapping[str, str] = {"entry_page": "ASC", "exit_page": "DESC"}
_LIMIT = 500


def overview(filters: Filters) -> str:
    """Return getWebsiteStats."""
    return f"""
        SELECT coalesce(sum(t.c), 0)::bigint AS pageviews, count(DISTINCT t.session_id) AS visitors,
            count(DISTINCT t.visit_id) AS visits, coalesce(sum(CASE WHEN t.c = 1 THEN 1 ELSE 0 END), 0) AS bounces,
            coalesce(sum(floor(extract(epoch FROM t.last - t.first))), 0)::bigint AS totaltime
        FROM (
            SELECT website_event.session_id, website_event.visit_id, count(*) AS c,
                min(website_event.created_at) AS first, max(website_event.created_at) AS last
            FROM website_event {_joined(filters)} WHERE {_kept(filters)} GROUP BY 1, 2
        ) AS t
    """


def series(zone: str, filters: Filters) -> str:
    """Return getSessionStats by day in *zone*, which is a name of ours."""
    return f"""
        SELECT to_char(date_trunc('day', website_event.created_at AT TIME ZONE '{zone}'), 'YYYY-MM-DD HH24:00:00') AS x,
            count(DISTINCT website_event.session_id) AS y
        FROM website_event {_joined(filters)} WHERE {_kept(filters)} GROUP BY 1 ORDER BY 1
    """


def values(dimension: str, filters: Filters) -> str:
    """Return getPageviewMetrics or getSessionMetrics."""
    column, order = _COLUMNS[dimension], _ENDS.get(dimension)
    ends = _END_OF_VISIT.format(asked=_ASKED, order=order) if order else ""
    elsewhere = f"AND {_NOT_OUR_OWN} AND website_event.referrer_domain != ''" if dimension == "source" else ""
    return f"""
        SELECT {column} AS x, count(DISTINCT website_event.session_id) AS y
        FROM website_event {_joined(filters, dimension)} {ends}
        WHERE {_kept(filters)} AND {column} != '' {elsewhere}
        GROUP BY 1 ORDER BY 2 DESC LIMIT {_LIMIT}
    """


def events(filters: Filters) -> str:
    """Return getEventMetrics."""
    return f"""
        SELECT website_event.event_name AS x, count(*) AS y FROM website_event {_joined(filters)}
        WHERE website_event.website_id = $1 AND website_event.created_at BETWEEN $2 AND $3
            AND website_event.event_type = ANY(ARRAY[2]) {_conditions(filters)}
        GROUP BY 1 ORDER BY 2 DESC LIMIT {_LIMIT}
    """


def parameters(filters: Filters) -> list[Any]:
    """Return what stands behind the first three parameters."""
    return [[value] for _, value in filters]


def _joined(filters: Filters, dimension: str = "") -> str:
    names = [name for name, _ in filters]
    session = _WITH_SESSION if any(name in (*_OF_SESSION, "source") for name in names) or dimension in _OF_SESSION else ""
    cohorts = [
        _COHORT.format(session=_WITH_SESSION, number=number) for number, name in enumerate(names, start=4) if name == "event"
    ]
    return " ".join([*cohorts, session])


def _kept(filters: Filters) -> str:
    return f"{_ASKED} {_conditions(filters)}"


def _conditions(filters: Filters) -> str:
    asked = [f"AND {_COLUMNS[name]} = ANY(${number})" for number, (name, _) in enumerate(filters, start=4) if name != "event"]
    if any(name == "source" for name, _ in filters):
        asked.append(f"AND ({_NOT_OUR_OWN} OR website_event.referrer_domain IS NULL)")
    return " ".join(asked)
