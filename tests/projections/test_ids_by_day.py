"""The ids that were seen before they were kept by the day are known after it: nothing is counted twice by an upgrade."""

from datetime import timedelta
from pathlib import Path

from alembic import command
from sqlalchemy import Connection, text

from projections import migrations
from projections.database import open_engine
from projections.migrations import migrate
from projections.projector.dedup import HORIZON
from tests.facts import NOON, pageview
from tests.projections.world import Facts, Tables, connect_to_tables, project_all

_HISTORY = migrations.History(Path(migrations.__file__).parent / "accounts", "accounts_version")


_OTHERS = "positions, totals, quarantine, holes, erased_sites, ends, ends_since, dropped"


async def made_before(database_url: str) -> None:
    """Make the tables, and take the accounts of the web back to the step before."""
    await migrate(database_url)
    engine = open_engine(database_url, schema="web_g1")
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP TABLE seen_events, imported_events, {_OTHERS}"))
        await connection.execute(text("DROP TABLE accounts_version"))
        await connection.run_sync(_to_the_step_before)
    await engine.dispose()


def _to_the_step_before(connection: Connection) -> None:
    config = migrations._config(_HISTORY)
    config.attributes.update(connection=connection, version_table=_HISTORY.version_table)
    command.upgrade(config, "accounts_0003")


async def test_an_upgrade_carries_over_what_may_be_repeated(facts: Facts, postgres_url: str):
    await made_before(postgres_url)
    recent, imported, old = pageview(), pageview(batch="logs", received_at=NOON - 9 * HORIZON), pageview(at=NOON - 9 * HORIZON)
    tables = Tables(await connect_to_tables(postgres_url))
    for one in (recent, imported, old):
        seen = (one.id, one.tenant, one.site, one.received_at, one.batch is not None)
        await tables.connection.execute("INSERT INTO seen_events VALUES ($1, $2, $3, $4, $5)", *seen)
    await tables.connection.execute(
        "INSERT INTO positions VALUES (1, 1, now(), 0, 0, '', 0, 0, 0, $1)", NOON + timedelta(hours=1)
    )
    await migrate(postgres_url)
    assert await tables.count("imported_events") == 1
    assert await tables.rows("SELECT event_id::text FROM seen_events") == [{"event_id": recent.id}]
    await tables.connection.execute("DELETE FROM positions")
    await facts.publish(recent, imported, pageview())
    await project_all(facts, tables, postgres_url)
    assert await tables.rows("SELECT applied, duplicates FROM positions") == [{"applied": 1, "duplicates": 2}]
    await tables.connection.close()
