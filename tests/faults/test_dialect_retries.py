"""Each system's client that is told 503, while nats-server is away, sends the same again, and is counted once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
import pytest_asyncio
from msgspec import Struct

from collector.local.guarded import GuardedLauncher
from collector.local.nats import NatsServer
from contracts.mounts import Mount
from tests.collector.dialects.bound import Door, open_bound
from tests.conftest import stop_whatever_its_state
from tests.faults.dialects import is_of, requests
from tests.faults.victims import NatsVictim
from tests.faults.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

RUN = "lost"
UNAVAILABLE = 503
STORED = {200, 201, 409}  # 409 is how the log server says that it has it
Answers = dict[Mount, list[httpx.Response]]


class Outage(Struct):
    """What every system answered while nats-server was away, what it answered to the same again, and what is stored."""

    told: Answers
    again: Answers
    facts: list[bytes]


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["kill", "freeze"])
async def outage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, launcher: GuardedLauncher
) -> AsyncIterator[Outage]:
    folder = tmp_path_factory.mktemp("retries")
    server = NatsServer(folder / "nats", launcher=launcher)
    server.start()
    try:
        async with open_bound(server.url, folder) as door:
            yield await gone_through(door, server, request.param)
    finally:
        stop_whatever_its_state(server)


async def gone_through(door: Door, server: NatsServer, way: str) -> Outage:
    """Have every system stop hearing of what it sends, by *way*, and send it again once nats-server is back."""
    await sent_until_stored(door, "before")  # streams and secret are there, so that the next is under way when it is lost
    before = {fact async for fact in door.stored()}
    os.kill(server.pid, signal.SIGSTOP)
    told = await sent(door, RUN)
    victim = NatsVictim(server)
    if way == "kill":
        victim.hurt("kill")
    await victim.bring_back()
    again = await sent_until_stored(door, RUN)
    return Outage(told, again, [fact async for fact in door.stored() if fact not in before])


async def sent(door: Door, run: str) -> Answers:
    """Send everything at once, and return every answer."""
    asked = [(mount, each) for mount in Mount for each in requests(mount, run)]
    answers = await asyncio.gather(*(door.post(each.path, each.body) for _, each in asked))
    return {mount: [answer for (of, _), answer in zip(asked, answers, strict=True) if of is mount] for mount in Mount}


async def sent_until_stored(door: Door, run: str) -> Answers:
    """Send everything again and again, as clients do, and return the answers when no system says 503 any more."""
    answers: Answers = {}

    async def is_stored() -> bool:
        answers.update(await sent(door, run))
        return not any(answer.status_code == UNAVAILABLE for told in answers.values() for answer in told)

    await until(is_stored, "everything is taken")
    return answers


@pytest.mark.parametrize("mount", Mount)
async def test_what_could_not_be_stored_is_503_in_the_systems_own_words(outage: Outage, mount: Mount):
    for answer, request in zip(outage.told[mount], requests(mount, RUN), strict=True):
        assert answer.status_code == UNAVAILABLE, answer.text
        assert int(answer.headers["Retry-After"]) > 0
        document = answer.json()
        assert request.unavailable.items() <= document.items()
        assert "error" in document


@pytest.mark.parametrize("mount", Mount)
async def test_a_retry_after_503_is_counted_once(outage: Outage, mount: Mount):
    assert {answer.status_code for answer in outage.again[mount]} <= STORED
    facts = [fact for fact in outage.facts if is_of(mount, fact)]
    assert len({msgspec.json.decode(fact)["id"] for fact in facts}) == len(facts)
    assert len(facts) == sum(request.facts for request in requests(mount, RUN))
