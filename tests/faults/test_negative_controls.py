"""The checker has teeth: it finds what is lost or counted twice when a role breaks its promise."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from collector.local.guarded import GuardedLauncher
from projections.query.ledger.balance import Verdict
from tests.faults.chaos import Report, report, write
from tests.faults.ledger import Ledger
from tests.faults.verdict import Fault
from tests.faults.waiting import until
from tests.faults.world import World, world

DOUBLES = "tests.faults.doubles"
EARLY_COMMITTER, ACK_BELIEVER, HASTY_INGEST, FORGETFUL = (
    f"{DOUBLES}.{name}" for name in ("early_committer", "ack_believer", "hasty_ingest", "forgetful_projector")
)
ENOUGH = 100


async def run_with(
    fault: Callable[[World, Ledger], Awaitable[None]],
    folder: Path,
    launcher: GuardedLauncher,
    *,
    ingest: str = "",
    projector: str = "",
) -> Report:
    """Run one ingest process and one projector under *fault*, and return what came of it."""
    ledger, seed = Ledger(), "control"
    async with world(folder, launcher, ingests=[ingest], projectors=[projector]) as around:
        await until(around.ingests[0].is_ready, "the ingest process is ready")
        async with write(around.ports, ledger, seed):
            await fault(around, ledger)
        return await report(around, ledger, Counter(), seed)


async def the_projector_dies(around: World, _: Ledger) -> None:
    role = around.projectors[0]
    await until(lambda: not role.is_running, "the projector dies")
    role.start()
    await role.ready()


async def nothing_happens(around: World, _: Ledger) -> None:
    await until(lambda: reached(around, ENOUGH), "facts are projected")


async def nats_dies(around: World, _: Ledger) -> None:
    for times in (1, 2, 3):
        await until(lambda least=ENOUGH * times: reached(around, least), "facts are projected")
        around.nats.child.process.kill()
        around.nats.child.process.wait()
        await asyncio.to_thread(around.nats.start)


async def reached(around: World, least: int) -> bool:
    return await around.position() >= least


async def nats_freezes_and_everything_dies(around: World, ledger: Ledger) -> None:
    role = around.ingests[0]
    await until(lambda: len(ledger.stored) > ENOUGH, "events are taken")
    os.kill(around.nats.pid, signal.SIGSTOP)
    before = len(ledger)
    await until(lambda: len(ledger) > before + ENOUGH or not role.is_running, "events are sent into the void")
    role.kill()
    os.kill(around.nats.pid, signal.SIGKILL)
    around.nats.child.process.wait()
    await asyncio.to_thread(around.nats.start)
    role.start()


def kinds(broken: Sequence[tuple[Fault, str]]) -> set[Fault]:
    return {fault for fault, _ in broken}


@pytest.mark.long  # as is the next: `make chaos` runs them, too
async def test_a_projector_that_commits_before_it_moves_its_position_is_found(tmp_path: Path, launcher: GuardedLauncher):
    run = await run_with(the_projector_dies, tmp_path, launcher, projector=EARLY_COMMITTER)
    assert kinds(run.broken) == {Fault.ROWS_AND_POSITION}


@pytest.mark.long
async def test_a_projector_that_trusts_the_servers_ack_floor_is_found(tmp_path: Path, launcher: GuardedLauncher):
    run = await run_with(nats_dies, tmp_path, launcher, projector=ACK_BELIEVER)
    assert Fault.NOT_CONSERVED in kinds(run.broken)


@pytest.mark.long
async def test_an_ingest_that_answers_before_the_puback_is_found(tmp_path: Path, launcher: GuardedLauncher):
    run = await run_with(nats_freezes_and_everything_dies, tmp_path, launcher, ingest=HASTY_INGEST)
    assert {Fault.NOT_STORED, Fault.LOST} <= kinds(run.broken)


async def test_a_projector_that_passes_a_fact_by_is_named_by_the_ledger(tmp_path: Path, launcher: GuardedLauncher):
    run = await run_with(nothing_happens, tmp_path, launcher, projector=FORGETFUL)
    assert Fault.LEDGER in kinds(run.broken)
    assert run.evidence.accounts.first is not None
    assert (run.evidence.accounts.verdict, run.evidence.accounts.first.missing) == (Verdict.DOES_NOT_ADD_UP, 1)
