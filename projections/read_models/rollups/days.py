"""days: the wanted days as a table, and their hits and visits, with as many of their words as somebody asks for.

Not by way of the views: whose days they are is known only inside the statement, so the planner would read a site's whole month
for each. Here every day is one range of an index, and every word one look-up in its dictionary.
"""

from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import CTE, Date, DateTime, Integer, Select, Table, bindparam, cast, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from projections.read_models import description
from projections.read_models.dictionaries import CLIENTS, NAMES, ORIGINS, PAGES
from projections.read_models.hits import CODED_HITS
from projections.read_models.visits import CODED_VISITS

DAY = timedelta(days=1)


class _Word(NamedTuple):
    """Where a word is kept: in a column of a dictionary, under the number that a row has in ``key``."""

    dictionary: Table
    name: str
    key: str


_OF_BOTH = {
    **{name: _Word(CLIENTS, name, "client") for name in description.OF_CLIENT},
    **{name: _Word(ORIGINS, name, "origin") for name in description.OF_ORIGIN},
    "hostname": _Word(PAGES, "hostname", "page"),
}
_OF_VISITS = {**_OF_BOTH, "entry_path": _Word(PAGES, "path", "entry_page"), "exit_path": _Word(PAGES, "path", "exit_page")}
_OF_HITS = {**_OF_BOTH, "path": _Word(PAGES, "path", "page"), "name": _Word(NAMES, "name", "name")}


def wanted_days() -> CTE:
    """Return the wanted days, by their places from 1 on, of parameters that compute() binds."""
    columns = (
        ("tenant_ids", "tenant_id", Integer()),
        ("site_ids", "site_id", Integer()),
        ("days", "day", Date()),
        ("since", "since", DateTime(timezone=True)),
    )
    arrays = [cast(bindparam(name, type_=ARRAY(kind)), ARRAY(kind)) for name, _, kind in columns]
    names = [column(name, kind) for _, name, kind in columns]
    rows = func.unnest(*arrays).table_valued(*names, with_ordinality="place").render_derived()
    return select(rows).cte("wanted")


def visits_of(wanted: CTE, *names: str) -> Select[Any]:
    """Return place, bot, visitor, began_at and *names* of the visits that began on the *wanted* days."""
    visits = CODED_VISITS.c
    on_the_day = select(CODED_VISITS).where(visits.site == wanted.c.site_id, visits.day == wanted.c.day)
    return _worded(wanted, on_the_day.where(visits.began_at.is_not(None)), _OF_VISITS, ("bot", "visitor", "began_at", *names))


def hits_of(wanted: CTE, *names: str) -> Select[Any]:
    """Return place, bot, visitor, occurred_at, kind and *names* of the hits that happened on the *wanted* days."""
    hits, since = CODED_HITS.c, wanted.c.since
    on_the_day = select(CODED_HITS).where(
        hits.site == wanted.c.site_id, hits.occurred_at >= since, hits.occurred_at < since + DAY
    )
    return _worded(wanted, on_the_day, _OF_HITS, ("bot", "visitor", "occurred_at", "kind", *names))


def _worded(wanted: CTE, on_the_day: Select[Any], words: dict[str, _Word], names: tuple[str, ...]) -> Select[Any]:
    # With an offset, the planner takes it for what it is: to be asked once for each of the days.
    rows = on_the_day.offset(0).lateral("rows")
    joined: Any = wanted.join(rows, wanted.c.place > 0)
    aliases: dict[tuple[str, str], Any] = {}
    columns = []
    for name in names:
        word = words.get(name)
        if word is None:
            columns.append(rows.c[name])
            continue
        of = word.dictionary.name, word.key
        if of not in aliases:
            aliases[of] = word.dictionary.alias(f"{word.key}_words")
            joined = joined.outerjoin(aliases[of], aliases[of].c.id == rows.c[word.key])
        columns.append(func.coalesce(aliases[of].c[word.name], "").label(name))
    return select(wanted.c.place, *columns).select_from(joined)
