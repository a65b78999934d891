"""Overload: whoever would have to wait too long is told to come back at once, before anything is done for them."""

import asyncio
import os
import signal
from collections.abc import Callable

from prometheus_client import REGISTRY

from collector.local.nats import NatsServer
from collector.stream.lane import DEADLINE_SECONDS
from tests.collector.ingest import running

EVENT = {"domain": "shop.example", "pathname": "/"}
EVERY_SECONDS = 0.05


def refusals() -> float:
    return REGISTRY.get_sample_value("collector_events_unavailable_total", {"reason": "overloaded"}) or 0.0


async def test_who_comes_behind_a_long_queue_is_told_at_once_when_to_come_back(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    async with running(server.url) as ingest:
        before = refusals()
        os.kill(server.pid, signal.SIGSTOP)
        asked = [asyncio.create_task(ingest.http.post("/api/events/batch", json={"events": [EVENT] * 1000})) for _ in range(3)]
        for _ in range(int(DEADLINE_SECONDS / EVERY_SECONDS)):
            asked.append(asyncio.create_task(ingest.http.post("/api/event", json=EVENT)))
            await asyncio.sleep(EVERY_SECONDS)
        answers = await asyncio.gather(*asked)
        os.kill(server.pid, signal.SIGCONT)
    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    refused = [answer for answer in answers if answer.json()["code"] == "overloaded"]
    assert refused, "everybody had to wait"
    assert refusals() - before == len(refused), "a request that is refused unread counts as one hit"
