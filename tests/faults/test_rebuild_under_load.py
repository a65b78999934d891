"""A rebuild while facts arrive and a projector runs: nothing is taken for lost, and every fact counts once."""

from projections.projector.rebuild import backfill
from tests.faults.publishing import counted_once, publishing
from tests.projections.world import Facts, Tables, projecting, utc_now


async def test_rebuilds_beside_a_running_projector_under_load_count_every_fact_once(
    facts: Facts, tables: Tables, database_url: str
):
    async with projecting(facts.nats_url, database_url) as running:
        async with publishing(facts) as published:
            for _ in range(5):
                await backfill(nats_url=facts.nats_url, database_url=database_url, clock=utc_now)
        await tables.turn_to_current()
        await counted_once(tables, published.count)
        assert not running.done(), "the projector came through every rebuild"
