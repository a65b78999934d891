"""A projector that fails at any step leaves nothing half done, and what comes after counts every fact once."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.facts import traffic
from tests.faults.doubles.failing_projector import POINTS, ROLLING_POINTS, arm, once
from tests.faults.role import Role
from tests.faults.waiting import until
from tests.projections.read_models.rollups.added import all_fresh, both_in
from tests.projections.world import Facts, Tables, project_all, projecting
from tests.projections.world import until as came_true

FAILING = "tests.faults.doubles.failing_projector"


class Unforeseen(Exception):
    """Something that no part of the projector expects."""


def fall_over() -> None:
    raise Unforeseen


async def rows_and_position(tables: Tables) -> tuple[int, int, int]:
    """Return what was applied by the positions and by the rows, and how many facts were taken for repeats."""
    applied, duplicates = await tables.connection.fetchrow(
        "SELECT coalesce(sum(applied), 0)::int, coalesce(sum(duplicates), 0)::int FROM positions"
    )
    return applied, await tables.count("hits"), duplicates


@pytest.mark.parametrize("point", POINTS)
async def test_an_exception_at_any_step_is_come_through_and_counts_nothing_twice(
    point: str, facts: Facts, tables: Tables, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    failures: list[None] = []
    arm(point, once(lambda: failures.append(None) or fall_over()), monkeypatch.setattr)
    await facts.publish(*traffic(60, seed=1))
    await project_all(facts, tables, database_url)
    assert len(failures) == 1
    assert await rows_and_position(tables) == (60, 60, 0)
    assert await tables.count("quarantine") == 0


async def test_a_kill_at_any_step_leaves_rows_and_position_together(
    facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role], subtests: pytest.Subtests
):
    urls = {"NATS_URL": facts.nats_url, "DATABASE_URL": database_url}
    for number, point in enumerate(POINTS, start=1):
        with subtests.test(point):
            await facts.publish(*traffic(40, seed=number))
            dying = role("project", module=FAILING, variables={"FAILS": point}, **urls)
            await until(lambda dying=dying: not dying.is_running, point)
            assert dying.end() == -signal.SIGKILL
            applied, hits, duplicates = await rows_and_position(tables)
            assert (applied, duplicates) == (hits, 0)
    await project_all(facts, tables, database_url)
    assert await rows_and_position(tables) == (200, 200, 0)
    assert await tables.count("quarantine") == 0


@pytest.mark.long
async def test_a_kill_at_any_step_of_adding_up_a_day_leaves_no_half_old_day(
    facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role], subtests: pytest.Subtests
):
    urls = {"NATS_URL": facts.nats_url, "DATABASE_URL": database_url}
    for number, point in enumerate(ROLLING_POINTS, start=1):
        with subtests.test(point):
            await facts.publish(*traffic(20, seed=number))
            dying = role("project", module=FAILING, variables={"FAILS": point}, **urls)
            await until(lambda dying=dying: not dying.is_running, point)
            assert dying.end() == -signal.SIGKILL
    async with projecting(facts.nats_url, database_url) as running:
        await came_true(all_fresh(tables, 80), watching=running)
    are, should_be = await both_in(database_url, before=datetime(2026, 11, 3, tzinfo=UTC))
    assert are == should_be
