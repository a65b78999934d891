"""The product's own ledger after a run: what it says once every hour of the run is over, told and read."""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from projections.query.ledger.answers import OddHour
from projections.query.ledger.balance import Verdict
from projections.query.ledger.tenants import ledgers
from tests.conftest import run_sql
from tests.faults.ledger import TENANT

# After so long every hour of the run is over, and whoever has not said that it ended is silent.
LATER = timedelta(hours=2)


class Accounts(Struct, frozen=True, kw_only=True):
    """The verdict over everything, and the first hour that does not add up."""

    verdict: Verdict
    first: OddHour | None


async def accounts(database_url: str) -> Accounts:
    """Return what the ledger says when all that was stored is projected, and all that will be told is told."""
    later = datetime.now(UTC) + LATER
    known_until = (later + LATER).isoformat()
    await run_sql(database_url, f"UPDATE tally_reading SET looked_at = '{known_until}'")
    await run_sql(
        database_url,
        f"INSERT INTO levels SELECT id, 0, '{known_until}' FROM generations WHERE state = 'current' "
        "ON CONFLICT (generation, partition) DO UPDATE SET level_at = excluded.level_at",
    )
    (found,) = [ledger async for _, ledger in ledgers(database_url, own=TENANT, now=later, days=2)]
    return Accounts(verdict=found.total.verdict, first=found.first)
