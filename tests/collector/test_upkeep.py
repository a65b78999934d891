"""Background work never dies unseen: its defect is raised in the block that owns it, and it ends with the block."""

import asyncio
import contextlib

import pytest

from collector.upkeep import running_beside


class DefectError(Exception):
    """What a test lets go wrong."""


async def for_ever() -> None:
    await asyncio.Event().wait()


async def break_down() -> None:
    raise DefectError


async def test_a_defect_is_raised_in_the_block():
    with pytest.raises(DefectError):
        async with running_beside(for_ever(), break_down()):
            await for_ever()


async def test_the_blocks_own_exception_comes_out_as_it_is():
    with pytest.raises(DefectError):
        async with running_beside(for_ever()):
            await break_down()


async def test_the_work_ends_with_the_block():
    before = asyncio.all_tasks()
    async with running_beside(for_ever(), for_ever()):
        assert len(asyncio.all_tasks() - before) == 2
    assert asyncio.all_tasks() == before


async def test_work_that_loses_a_cancellation_ends_all_the_same():
    async def deaf() -> None:
        for _ in range(3):
            with contextlib.suppress(asyncio.CancelledError):  # as asyncio.wait_for may, with an answer that comes meanwhile
                await asyncio.Event().wait()

    async with asyncio.timeout(20):
        async with running_beside(deaf()):
            await asyncio.sleep(0)
