"""Who asks very many questions at a time waits for their own, and keeps nobody else out."""

import asyncio

import pytest

from projections.query.caller import only_caller
from projections.query.problems import Refused
from projections.query.room import AT_ONCE, Room

ONE, OTHER = only_caller("main", credential="key:one"), only_caller("main", credential="key:other")


async def test_another_is_let_in_while_one_has_all_turns_of_their_own():
    room, answered = Room(patience=0.05), asyncio.Event()

    async def ask() -> None:
        async with room.of(ONE):
            await answered.wait()

    asking = [asyncio.create_task(ask()) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as refused:
        async with room.of(ONE):
            pass
    assert (refused.value.problem.status, refused.value.problem.code) == (503, "busy")
    async with room.of(OTHER):
        answered.set()
        await asyncio.gather(*asking)
    async with room.of(ONE):
        pass
    assert not room._asking, "nobody is remembered who asks nothing"
