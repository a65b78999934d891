"""Behind a number: how many facts of a period stand behind its numbers, and how many were left out of them, and why."""

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.ledger.answers import SiteLedger, ledger_of_one
from projections.query.question import WebQuestion
from projections.read_models.dictionaries import SITE_NUMBER
from projections.read_models.hits import HITS


class Behind(Struct, frozen=True, kw_only=True):
    """Facts of visits that happened in the period: people's, and ``robots``'; and the ledger of the days on which it lies."""

    people: int
    robots: int
    ledger: SiteLedger


_FACTS = text(f"""
    SELECT count(*) FILTER (WHERE NOT bot) AS people, count(*) FILTER (WHERE bot) AS robots FROM {HITS.name}
    WHERE site_id = ({SITE_NUMBER}) AND occurred_at >= :since AND occurred_at < :until
""")


async def behind(connection: AsyncConnection, question: WebQuestion, in_utc: WebQuestion) -> Behind:
    """Return what stands behind the numbers of *question*, whose days of receipt are those of *in_utc*."""
    asked = {
        "tenant": question.caller.tenant,
        "site": question.site,
        "since": question.span.since,
        "until": question.span.until,
    }
    row = (await connection.execute(_FACTS, asked)).one()
    return Behind(people=row.people, robots=row.robots, ledger=await ledger_of_one(connection, in_utc))
