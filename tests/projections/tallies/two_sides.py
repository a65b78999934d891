"""Both sides of the ledger for tests: what an ingest process has told, and that everything is told and read by now."""

from datetime import datetime, timedelta

from contracts.tallies import TallyHead, TallyPart, hour_of
from projections.projections import PROJECTIONS
from tests.conftest import run_sql
from tests.projections.tallies.telling import RUN, kept, line


async def told_and_read(database_url: str, *documents: TallyHead | TallyPart, until: datetime) -> None:
    """Keep *documents*, and have everything known *until* then: told, and read by every generation that is read."""
    await kept(database_url, *documents, looked_at=until)
    for projection in PROJECTIONS:
        await run_sql(
            database_url,
            f"INSERT INTO levels SELECT id, 0, '{until.isoformat()}' FROM generations "
            f"WHERE projection = '{projection.name}' AND state = 'current' "
            "ON CONFLICT (generation, partition) DO UPDATE SET level_at = excluded.level_at",
        )


async def stored_in(database_url: str, hour: datetime, hits: int, *, until: datetime, site: str = "example.org") -> None:
    """Have one process tell that it stored *hits* in *hour*, and that it has ended; everything is known *until* then."""
    whole = TallyPart(run=RUN, hour=hour_of(hour), part=0, lines=(line(hits, site=site),))
    head = TallyHead(run=RUN, version="0.1.0", started_at=hour - timedelta(hours=1), told_at=until, ended=True)
    await told_and_read(database_url, head, whole, until=until)
