"""Emptiness: why a period shows nothing: the filters, whose facts are shown, or that the facts are of other days."""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.matching import every, hits_in
from projections.query.parameters import Who
from projections.query.periods import Days
from projections.query.question import WebQuestion
from projections.query.web.sites import facts_span
from projections.read_models.hits import HITS, Kind


class Why(StrEnum):
    """The reasons why a page shows nothing; each is one way on."""

    FILTERS = "filters"
    ROBOTS = "robots"
    PEOPLE = "people"
    OTHER_DAYS = "other days"
    NOTHING = "nothing"


class Emptiness(Struct, frozen=True, kw_only=True):
    """Why there is nothing; ``days`` are those of the site's facts where they are others."""

    why: Why
    days: Days | None = None


async def why_empty(connection: AsyncConnection, question: WebQuestion) -> Emptiness:
    """Return why *question*, whose answer is nothing, has none."""
    if question.filters and await _has_facts(connection, replace(question, filters=())):
        return Emptiness(why=Why.FILTERS)
    if question.who is not Who.ALL and await _has_facts(connection, replace(question, filters=(), who=Who.ALL)):
        return Emptiness(why=Why.ROBOTS if question.who is Who.HUMAN else Why.PEOPLE)
    facts = await facts_span(connection, question.caller, question.site)
    if facts is None:
        return Emptiness(why=Why.NOTHING)
    first, last = facts.since.astimezone(question.zone).date(), facts.until.astimezone(question.zone).date()
    if question.days.first <= first and last <= question.days.last:
        return Emptiness(why=Why.NOTHING)
    return Emptiness(why=Why.OTHER_DAYS, days=Days(first, last))


async def _has_facts(connection: AsyncConnection, question: WebQuestion) -> bool:
    """Say whether anything happened in the period of *question*, which has no filters."""
    counted = hits_in(question, question.span, Kind.PAGEVIEW, Kind.EVENT)
    found = select(literal(1)).select_from(HITS).where(every(counted)).limit(1)
    return await connection.scalar(found) is not None
