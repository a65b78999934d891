"""A backfill that is killed at any step leaves what is read whole, nothing behind, and no obstacle to the next one."""

import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from projections.generations import LEASES, lease_of
from projections.projector.claim import _BACKFILLS
from tests.facts import traffic
from tests.faults.asking_on import NOW, SITE, Question, ask, asking_on
from tests.faults.doubles import failing_backfill
from tests.faults.doubles.failing_backfill import BEFORE_COMMIT, HALF_GONE, POINTS, SHARED_OUT, SITE_POINTS
from tests.faults.role import Role
from tests.faults.waiting import until
from tests.projections.projector.test_rebuild import abandon, rebuild, schemas
from tests.projections.query.world import open_world
from tests.projections.world import Facts, Tables, project_all, projecting, read_generation

FAILING = failing_backfill.__name__
SAMPLE = (SHARED_OUT, BEFORE_COMMIT)
# It does all that it does before it dies, on a machine that may be busy.
PATIENCE = 180.0


@pytest.mark.parametrize("point", SAMPLE)
async def test_a_kill_leaves_what_is_read_whole_and_nothing_else(
    point: str, facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role]
):
    await is_killed_and_come_through(point, facts, tables, database_url, role)


async def test_what_a_killed_one_has_left_is_noticed(tables: Tables, database_url: str):
    assert await nothing_else_is_there(tables, database_url)
    left = await abandon(database_url)
    assert not await nothing_else_is_there(tables, database_url)
    await tables.connection.execute(f"DROP SCHEMA {left.schema} CASCADE; DELETE FROM public.generations WHERE id = {left.id}")
    assert await nothing_else_is_there(tables, database_url)
    await tables.connection.execute("SELECT pg_advisory_lock($1, 1)", _BACKFILLS)
    assert not await nothing_else_is_there(tables, database_url)


@pytest.mark.long
@pytest.mark.parametrize("point", [point for point in POINTS if point not in SAMPLE])
async def test_a_kill_at_any_step_leaves_what_is_read_whole_and_nothing_else(
    point: str, facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role]
):
    await is_killed_and_come_through(point, facts, tables, database_url, role)


@pytest.mark.long
# Where a projector runs, it is the one that takes the old generation away.
@pytest.mark.parametrize("point", [point for point in POINTS if point != HALF_GONE])
async def test_a_kill_at_any_step_beside_a_projector_leaves_what_is_read_whole_and_nothing_else(
    point: str, facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role]
):
    async with projecting(facts.nats_url, database_url) as running:
        await is_killed_and_come_through(point, facts, tables, database_url, role)
        assert not running.done()


@pytest.mark.long
@pytest.mark.parametrize("point", SITE_POINTS)
async def test_a_kill_at_any_step_of_one_site_leaves_what_is_read_whole_and_nothing_else(
    point: str, facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role]
):
    await is_killed_and_come_through(point, facts, tables, database_url, role, options=("--site", SITE))


async def is_killed_and_come_through(
    point: str, facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role], *, options: Sequence[str] = ()
) -> None:
    await facts.publish(*traffic(200, seed=1))
    await project_all(facts, tables, database_url)
    whole = await tables.digest()
    async with open_world(database_url) as world:
        world.now = NOW
        right = {question: (await ask(world.client, question)).said for question in Question}
        assert len(right[Question.PAGES]) > 1
        async with asking_on(world.client, a_second=20) as answers:
            urls = {"NATS_URL": facts.nats_url, "DATABASE_URL": database_url}
            dying = role("backfill", module=FAILING, options=options, variables={"FAILS": point}, **urls)
            await until(lambda: not dying.is_running, f"the backfill dies {point}", patience=PATIENCE)
            assert dying.end() == -signal.SIGKILL, dying.said()
            await until(partial(nobody_works_on_it, tables, database_url), "every process and session of it is gone")
            await tables.turn_to_current()
            assert await tables.digest() == whole
            await rebuild(facts, tables, database_url)
        assert all(answer.status == 200 and answer.said == right[answer.question] for answer in answers)
    assert await tables.digest() == whole
    await until(partial(nothing_else_is_there, tables, database_url), "only what is read is there")


async def nobody_works_on_it(tables: Tables, database_url: str) -> bool:
    """Tell whether nobody claims to rebuild it, and no process shares the work."""
    claims = await tables.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = $1", _BACKFILLS)
    return not claims and not processes_for(database_url)


def processes_for(database_url: str) -> list[int]:
    """Return the processes that share the work of a rebuild in *database_url*: they have its backfill's environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_share = b"projections.projector.share" in (folder / "cmdline").read_bytes()
            if is_share and database_url.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue  # it has ended meanwhile
    return found


async def nothing_else_is_there(tables: Tables, database_url: str) -> bool:
    """Tell whether one generation of the web is listed and there, with at most its own lease, and nobody claims anything."""
    live = await read_generation(database_url)
    listed = await tables.value("SELECT count(*) FROM public.generations WHERE projection = 'web'")
    leases = await tables.rows(
        "SELECT objid::bigint AS of FROM pg_locks WHERE locktype = 'advisory' AND classid = $1"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        LEASES,
    )
    is_alone = await schemas(tables) == [live.schema] and listed == 1
    return is_alone and {row["of"] for row in leases} <= {lease_of(live, 0)} and await nobody_works_on_it(tables, database_url)
