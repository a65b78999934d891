"""Rolling up: what the worker beside the projector computes of closed days, computed until nothing is left to do."""

from datetime import UTC, datetime

from projections.database import PROJECTING, open_engine
from projections.projector.freshening import freshen_all
from tests.projections.world import read_generation

# As the worker's own sessions: a large day takes as long as it takes.
_SESSION = {**PROJECTING, "statement_timeout": "0"}


async def roll_up(database_url: str) -> None:
    """Compute every closed day of every site that is not fresh."""
    generation = await read_generation(database_url)
    engine = open_engine(database_url, _SESSION, schema=generation.schema)
    await freshen_all(engine, datetime.now(UTC).date())
    await engine.dispose()
