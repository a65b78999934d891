"""`collector backfill` brings back what was decided, too, before anything is counted."""

import asyncpg

from tests.projections.control.deciding import decisions_on, named, site, tenant


async def test_an_empty_database_knows_after_it_what_was_decided(collector, stream_free_nats: str, postgres_url: str):
    shop = site("shop.example")
    async with decisions_on(stream_free_nats) as decisions:
        await decisions.decide(tenant("main"), shop, *named(shop, "alias.example"))
    done = collector("backfill", COLLECTOR_NATS_URL=stream_free_nats, COLLECTOR_DATABASE_URL=postgres_url)
    assert done.returncode == 0, done.stderr
    connection = await asyncpg.connect(postgres_url)
    known = await connection.fetch("SELECT id FROM control_things ORDER BY id")
    await connection.close()
    assert [row["id"] for row in known] == ["name:alias.example", "site:main:shop.example", "tenant:main"]
