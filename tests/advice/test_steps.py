"""Each step that a message advises, taken in the situation that prints it: nothing that was stored or counted is lost."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from collector.local.nats import NatsServer
from collector.outcomes import Unavailable
from collector.salts.agreed import AgreedSalts
from collector.salts.bucket import BUCKET
from collector.salts.precedence import NOBODY_ELSE
from contracts.codec import type_of
from contracts.streams import Family, streams_of, subject_of
from projections.migrations import migrate
from projections.projections import WEB
from projections.projector.loss import CannotApply
from projections.projector.rebuild import backfill
from tests.advice.installation import Installation, advised
from tests.conftest import run_sql
from tests.facts import event, pageview, traffic
from tests.projections.query.world import open_world
from tests.projections.world import Facts, Tables, connect_to_tables, project_all, utc_now


async def test_what_doctor_says_of_another_stream_loses_nothing(installation: Installation):
    await installation.facts.delete_stream()
    for happens in (None, installation.facts.create_stream):
        if happens is not None:
            await happens()
        before = await installation.kept()
        report = await installation.run("collector doctor")
        assert report.exit_code == 1
        (finding,) = re.findall(r"fail  Projector web: .*\n +-> (.*)", report.output)
        assert advised(finding) == ["collector query", "collector backfill"]
        refused = await installation.run("collector backfill")
        assert refused.exit_code == 1
        assert "11 of 11 counted events" in refused.output
        assert await installation.kept() == before


async def test_a_database_that_was_backed_up_is_read_after_its_loss_was_accepted(installation: Installation, session_postgres):
    before = await installation.kept()
    await installation.tables.connection.close()
    name = installation.database_url.rpartition("/")[2]
    copy = session_postgres.url_of(f"{name}_copy")
    await run_sql(session_postgres.url, f"CREATE DATABASE {name}_copy TEMPLATE {name}")
    try:
        installation.tables.connection = await connect_to_tables(installation.database_url)
        await installation.facts.delete_stream()
        await installation.facts.create_stream()
        done = await installation.run("collector backfill --accept-loss")
        assert done.exit_code == 0, done.output
        assert await installation.hits() == 0
        kept = Tables(await connect_to_tables(copy))
        assert await kept.digest() == before["tables"]
        await kept.connection.close()
    finally:
        await run_sql(session_postgres.url, f"DROP DATABASE {name}_copy WITH (FORCE)")


async def test_a_new_database_beside_the_old_one_loses_nothing_of_a_stream_that_was_made_again(
    installation: Installation, postgres_url: str
):
    await installation.facts.delete_stream()
    await installation.facts.create_stream()
    await installation.facts.publish(*traffic(20, seed=2))
    before = await installation.kept()
    assert (await installation.run("collector migrate", COLLECTOR_DATABASE_URL=postgres_url)).exit_code == 0
    new = Tables(await connect_to_tables(postgres_url))
    await project_all(installation.facts, new, postgres_url)
    assert await new.count("hits") == 20
    await new.connection.close()
    assert await installation.kept() == before
    async with open_world(installation.database_url) as old:
        assert [site["site"] for site in (await old.client.get("/api/stats")).json()["sites"]] != []


async def test_more_partitions_lose_nothing_when_they_come_as_the_readme_says(installation: Installation):
    await installation.count(*traffic(40, seed=7))
    counted = await installation.hits()
    more = {"COLLECTOR_PARTITIONS": "2"}
    first, second = streams_of([Family(name="web")], partitions=2)
    report = await installation.run("collector doctor", **more)
    assert f"nats stream edit {first.name}" in report.output
    await installation.edit(subjects=first.subjects)
    done = await installation.run("collector backfill", **more)
    assert done.exit_code == 0, done.output
    assert await installation.hits() == counted
    async with Facts(installation.facts.nats_url, second) as pen:
        fact = next(
            fact for fact in traffic(99, seed=8) if subject_of("web", fact.tenant, fact.site, "x").split(".")[2] in odd()
        )
        await pen.publish(fact)
        again = await installation.run("collector backfill", **more)
    assert again.exit_code == 0, again.output
    assert await installation.hits() == counted + 1
    before = await installation.kept()
    back = await installation.run("collector backfill --accept-loss")
    assert back.exit_code == 1, "what is advised is to set it back"
    assert "Set it back." in back.output
    assert await installation.kept() == before


def odd() -> set[str]:
    return {str(bucket) for bucket in range(1, 64, 2)}


async def test_a_limit_is_set_back_with_every_event(installation: Installation):
    await installation.edit(discard="old", max_msgs=1_000)
    report = await installation.run("collector doctor")
    assert f"nats stream edit {installation.facts.stream.name}" in report.output
    assert "which keeps its events" in report.output
    before = await installation.kept()
    await installation.edit(discard="new", max_msgs=-1)
    assert await installation.kept() == before
    assert (await installation.run("collector backfill")).exit_code == 0
    assert await installation.hits() == 10


async def test_what_was_set_aside_is_counted_by_the_version_that_can(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(pageview(), event(), pageview())
    older = replace(WEB, facts=tuple(fact for fact in WEB.facts if not type_of(fact).startswith("event_recorded.")))
    known = {"nats_url": facts.nats_url, "database_url": database_url, "clock": utc_now}
    await project_all(facts, tables, database_url, projections=[older])
    assert await tables.rows("SELECT applied, quarantined FROM positions") == [{"applied": 2, "quarantined": 1}]
    await backfill(**known)
    await tables.turn_to_current()
    assert await tables.rows("SELECT applied, quarantined FROM positions") == [{"applied": 3, "quarantined": 0}]
    before = await tables.digest()
    with pytest.raises(CannotApply, match="cannot apply 1 of the events"):
        await backfill(**known, projections=[older])
    assert (await tables.turn_to_current(), await tables.digest()) == ("web_g2", before)
    await backfill(**known, projections=[older], accept_loss=True)
    await tables.turn_to_current()
    assert await tables.count("hits") == 2


async def test_the_tables_of_a_newer_version_are_left_as_they_are(installation: Installation):
    schema = await installation.tables.turn_to_current()
    await installation.tables.connection.execute(f"UPDATE {schema}.models_version SET version_num = 'web_0099'")
    before = await installation.kept()
    report = await installation.run("collector doctor")
    assert "has the tables of another version" in report.output
    for step in ("collector migrate", "collector backfill"):
        refused = await installation.run(step)
        assert refused.exit_code == 1
        assert "newer version than this program" in " ".join(refused.output.split())
    assert await installation.kept() == before


DAMAGES = {
    "DROP TABLE coded_hits CASCADE": "collector backfill",
    "ALTER TABLE coded_visits DROP COLUMN pageviews CASCADE": "collector backfill",
    "DROP TABLE positions": "collector backfill --accept-loss",
}


@pytest.mark.parametrize(("damage", "cure"), DAMAGES.items())
async def test_what_lacks_a_table_is_made_anew_from_the_stream(installation: Installation, damage: str, cure: str):
    await installation.tables.connection.execute(damage)
    assert (await installation.run("collector migrate")).exit_code == 0
    done = await installation.run(cure)
    assert done.exit_code == 0, done.output
    assert await installation.hits() == 10


async def test_a_generation_that_was_dropped_is_made_again_by_migrating(installation: Installation):
    await installation.tables.connection.execute("DROP SCHEMA web_g1 CASCADE")
    report = await installation.run("collector doctor")
    assert advised(report.output)[-1] == "collector migrate"
    done = await installation.run("collector migrate")
    assert done.exit_code == 0, done.output
    await project_all(installation.facts, installation.tables, installation.database_url)
    assert await installation.hits() == 10


async def test_a_database_that_lacks_its_list_is_told_no_circle(installation: Installation):
    await installation.tables.connection.execute("ALTER TABLE public.generations RENAME TO elsewhere")
    for step in ("collector migrate", "collector backfill"):
        refused = await installation.run(step, looks=False)
        assert refused.exit_code == 1
        assert "Restore the database from its backup" in " ".join(refused.output.split())
    await installation.tables.connection.execute("ALTER TABLE public.elsewhere RENAME TO generations")
    assert await installation.hits() == 10


async def test_a_salt_bucket_on_the_disk_is_deleted_and_made_again_with_the_salt_that_is_held(facts: Facts):
    def clock() -> datetime:
        return datetime.now(UTC)

    jetstream = facts.client.jetstream()
    salts = AgreedSalts(facts.client, clock, precedence=NOBODY_ELSE)
    held = await salts.of(clock())
    await jetstream.delete_stream(BUCKET)
    await jetstream.add_stream(name=BUCKET, subjects=["$KV.salts.>"], storage="file")
    salts.doubt()
    with pytest.raises(Unavailable):
        await salts.of(clock())
    await jetstream.delete_stream(BUCKET)
    assert await salts.of(clock()) == held


async def test_a_copy_of_the_streams_is_all_that_has_to_be_kept(
    nats_server: Callable[[], NatsServer], tables: Tables, database_url: str, session_postgres, tmp_path
):
    server = nats_server()
    async with Facts(server.url) as facts:
        await facts.publish(*traffic(30, seed=1))
        await project_all(facts, tables, database_url)
    before = await tables.digest()
    await asyncio.to_thread(server.stop)
    (tmp_path / "nats-0").rename(tmp_path / "kept")
    (tmp_path / "kept").rename(tmp_path / "nats-1")
    moved = nats_server()
    name = f"{database_url.rpartition('/')[2]}_moved"
    await migrate(session_postgres.url_of(name))
    try:
        other = Tables(await connect_to_tables(session_postgres.url_of(name)))
        facts = Facts(moved.url)
        async with facts:
            await project_all(facts, other, session_postgres.url_of(name))
        assert await other.digest() == before
        await other.connection.close()
    finally:
        await run_sql(session_postgres.url, f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_column_that_somebody_added_goes_with_a_backfill(installation: Installation):
    await installation.tables.connection.execute("ALTER TABLE coded_visits ADD COLUMN address inet")
    report = await installation.run("collector privacy verify")
    assert "visits: has columns of an address's type: address" in report.output
    assert (await installation.run("collector backfill")).exit_code == 0
    assert "address's type" not in (await installation.run("collector privacy verify")).output
    assert await installation.hits() == 10


async def test_a_limit_below_what_is_stored_takes_nothing(installation: Installation):
    before = await installation.kept()
    imported = await installation.run("collector demo --days 1", COLLECTOR_STREAM_MAX_BYTES="1048576")
    assert imported.exit_code == 0, imported.output
    after = await installation.kept()
    assert after["tables"] == before["tables"]
    assert after[installation.facts.stream.name][0] == 1
