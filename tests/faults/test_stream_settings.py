"""A stream, or a nats-server, with settings that the promises cannot rest on is refused, with a word on what to do."""

import os
import signal
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from collector.local import nats
from collector.local.nats import NatsServer
from collector.stream import connection as broker
from contracts.jetstream import ApiAnswer
from contracts.streams import stream_settings
from tests.facts import STREAM, WEB
from tests.faults.asking import EVENT, is_taken, post
from tests.faults.role import Role
from tests.faults.salted import salted
from tests.faults.waiting import until

ROOM = 1 << 28
DRIFTED = "collector_stream_drifted"
DRIFTS: dict[str, dict[str, Any]] = {
    "discard": {"discard": "old"},
    "max_age": {"max_age": 3_600_000_000_000},
    "persist_mode": {"persist_mode": "async", "allow_atomic": False},
}


async def ask(nats_url: str, method: str, request: dict[str, Any] | None = None) -> ApiAnswer:
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        return await broker.ask(client, f"STREAM.{method}.{STREAM}", request)
    finally:
        await broker.disconnect(client)


async def set_stream(nats_url: str, method: str, **settings: Any) -> None:
    await ask(nats_url, method, stream_settings(WEB, max_bytes=ROOM, replicas=1) | settings)


async def test_a_drifted_setting_is_refused_at_the_start_by_its_name(
    nats_server: Callable[[], NatsServer], role: Callable[..., Role], subtests: pytest.Subtests
):
    url = nats_server().url
    for name, settings in DRIFTS.items():
        with subtests.test(name):
            await set_stream(url, "CREATE", **settings)
            refused = role("serve", NATS_URL=url)
            assert refused.end() == 1
            assert f"{name} is " in refused.said()
            assert "nats stream edit" in refused.said()
            await ask(url, "DELETE")


async def test_a_limit_that_is_not_as_set_is_changed_and_no_drift(
    nats_server: Callable[[], NatsServer], role: Callable[..., Role]
):
    url = nats_server().url
    await set_stream(url, "CREATE", duplicate_window=100_000_000)
    serve = await role("serve", NATS_URL=await salted(url)).ready()
    assert await is_taken(serve)
    assert (await ask(url, "INFO")).config["duplicate_window"] == 120_000_000_000


async def test_a_drift_while_running_stores_nothing_more_until_it_is_set_back(
    nats_server: Callable[[], NatsServer], role: Callable[..., Role]
):
    server = nats_server()
    serve = await role("serve", NATS_URL=await salted(server.url)).ready()
    assert await is_taken(serve)  # which makes the stream
    await set_stream(server.url, "UPDATE", discard="old")
    os.kill(server.pid, signal.SIGKILL)  # after which every setting is looked at again
    server.child.process.wait()
    server.start()
    await until(lambda: serve.metric(DRIFTED) == 1, "the drift is noticed")
    assert "discard is 'old', must be 'new'" in serve.unready()["stream"]
    refused = await post(serve)
    assert (refused.status_code, refused.json()["code"]) == (503, "stream_refused")
    await set_stream(server.url, "UPDATE")
    await until(lambda: is_taken(serve), "events are taken again")
    assert serve.metric(DRIFTED) == 0


async def test_a_server_that_syncs_after_it_acknowledges_is_refused_where_its_monitor_is_known(
    nats_server: Callable[[], NatsServer], role: Callable[..., Role], monkeypatch: pytest.MonkeyPatch
):
    good = nats_server()
    taken = await role("serve", NATS_URL=await salted(good.url), NATS_MONITOR_URL=good.monitor_url).ready()
    assert (await post(taken)).status_code == 204
    monkeypatch.setattr(nats, "_CONFIG", nats._CONFIG.replace("sync_interval: always", "sync_interval: 120s"))
    late = nats_server()
    refused = role("serve", NATS_URL=late.url, NATS_MONITOR_URL=late.monitor_url)
    assert refused.end() == 1
    assert "Set `sync_interval: always`" in refused.said()


async def test_a_full_stream_refuses_loses_nothing_and_goes_on_where_there_is_room(
    nats_server: Callable[[], NatsServer], role: Callable[..., Role]
):
    server = nats_server()
    small = await role("serve", NATS_URL=await salted(server.url), STREAM_MAX_BYTES=str(1 << 20)).ready()
    answers: list[httpx.Response] = []
    while not answers or answers[-1].status_code < 300:
        answers.append(await post(small, large(len(answers))))
        assert len(answers) < 100, "it is never full"
    assert (answers[-1].json()["code"], answers[-1].headers["Retry-After"]) == ("stream_full", "60")
    assert small.metric('collector_events_unavailable_total{reason="stream_full"}') == 1
    assert await stored_in(server.url) == (1, len(answers) - 1), "nothing old has made room"
    assert small.stop() == 0

    roomy = await role("serve", NATS_URL=server.url).ready()
    again = await post(roomy, large(len(answers) - 1))
    assert again.status_code == 204
    assert await stored_in(server.url) == (1, len(answers)), "the one that was refused is stored, once"


def large(number: int) -> dict[str, Any]:
    props = {f"p{field}": "x" * 1500 for field in range(20)}
    return EVENT | {"eventName": "Large", "customProperties": props, "id": f"large-{number}"}


async def stored_in(nats_url: str) -> tuple[int, int]:
    """Return the first sequence and the number of messages."""
    state = (await ask(nats_url, "INFO")).state
    return state.first_seq, state.messages
