"""The properties answer: which properties the custom events of a site have, and how many events and visitors each."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.matching import every, hits_in
from projections.query.properties import property_called
from projections.query.question import WebQuestion
from projections.read_models.hits import HITS, NOBODY, Kind


class PropertyRow(Struct, frozen=True, kw_only=True):
    """One property: its key, the name of the dimension that tells its values apart, and who sent it how often."""

    key: str
    dimension: str
    visitors: int
    events: int


class Properties(Struct, frozen=True, kw_only=True):
    """The answer: at most ``limit`` properties behind the first ``offset``, by their visitors, and whether there are more."""

    site: str
    rows: list[PropertyRow]
    more: bool
    as_of: datetime | None = None


async def properties(connection: AsyncConnection, question: WebQuestion) -> Properties:
    """Return the properties of the events that *question* keeps."""
    hits = HITS.c
    named = func.jsonb_object_keys(hits.props).table_valued("key").render_derived().lateral("named")
    # Twice grouped, because counting distinct pairs sorts every row and this hashes them.
    each = (
        select(named.c.key, hits.visitor, func.count().label("events"))
        .select_from(HITS)
        .join(named, true())
        .where(every([*hits_in(question, question.span, Kind.EVENT), hits.props.is_not(None)]))
        .group_by(named.c.key, hits.day, hits.visitor)
        .subquery("each_visitor")
    )
    visitors = func.count().filter(each.c.visitor != NOBODY)
    events = func.sum(each.c.events)
    query = (
        select(each.c.key, visitors, events)
        .group_by(each.c.key)
        .order_by(visitors.desc(), events.desc(), each.c.key.collate("C"))
        .limit(question.limit + 1)
        .offset(question.ordering.offset)
    )
    rows = [
        PropertyRow(key=name, dimension=property_called(name).name, visitors=people, events=int(count))
        for name, people, count in await connection.execute(query)
    ]
    return Properties(site=question.site, rows=rows[: question.limit], more=len(rows) > question.limit)
