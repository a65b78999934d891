"""A broker that is gone, frozen or full is told apart, in readiness, in doctor and in the log, and is well again by itself."""

import asyncio
import logging
import os
import resource
import signal
from collections.abc import Callable

import pytest

from collector.local.nats import NatsServer
from collector.stream import connection as broker
from collector.stream.ailment import Ailment, of_the_store
from tests.collector.ingest import Running, running
from tests.facts import STREAM
from tests.running import run_collector

PAGE = {"domain": "shop.example", "pathname": "/"}
LARGE = PAGE | {"eventName": "Large", "customProperties": {str(number): "x" * 1900 for number in range(20)}}
PATIENCE = 30


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_so():
            await asyncio.sleep(0.05)


def check(collector: Running, name: str) -> str:
    return str(collector.ingest.checks()[name])


async def test_a_frozen_broker_is_not_one_that_is_gone(
    nats_server: Callable[[], NatsServer], caplog: pytest.LogCaptureFixture, tmp_path
):
    caplog.set_level(logging.INFO)
    server = nats_server()
    async with running(server.url) as collector:
        assert (await collector.http.post("/api/event", json=PAGE)).status_code == 204
        os.kill(server.pid, signal.SIGSTOP)
        await until(lambda: check(collector, "nats") == Ailment.FROZEN)
        report = await asyncio.to_thread(run_collector, tmp_path, "doctor", COLLECTOR_NATS_URL=server.url, **POSTGRES)
        assert "it takes connections and does not answer" in report.stdout
        os.kill(server.pid, signal.SIGCONT)
        await until(lambda: not any(collector.ingest.checks().values()))
        assert (await collector.http.post("/api/event", json=PAGE)).status_code == 204
        os.kill(server.pid, signal.SIGKILL)
        await until(lambda: check(collector, "nats") == Ailment.GONE)
        report = await asyncio.to_thread(run_collector, tmp_path, "doctor", COLLECTOR_NATS_URL=server.url, **POSTGRES)
        assert "Nobody listens there: start nats-server again" in report.stdout
        server.stop()
        server.start()
        await until(lambda: not any(collector.ingest.checks().values()))
        well = "nats: is well again"
        await until(lambda: told(caplog) == [f"nats: {Ailment.FROZEN}", well, f"nats: {Ailment.GONE}", well])


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.endswith("condition")]


POSTGRES = {"COLLECTOR_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}


async def test_a_full_stream_says_that_it_is_and_takes_events_again_once_there_is_room(
    stream_free_nats: str, caplog: pytest.LogCaptureFixture, tmp_path
):
    small = {"COLLECTOR_STREAM_MAX_BYTES": str(1 << 20)}
    async with running(stream_free_nats, small) as collector:
        while (answer := await collector.http.post("/api/event", json=LARGE)).status_code == 204:
            pass
        assert answer.json()["code"] == "stream_full"
        assert "takes no more: raise COLLECTOR_STREAM_MAX_BYTES" in check(collector, "stream")
        before = await collector.count()
        report = await asyncio.to_thread(
            run_collector, tmp_path, "doctor", COLLECTOR_NATS_URL=stream_free_nats, **small, **POSTGRES
        )
        assert f"fail  Stream {STREAM}: is full" in report.stdout
    assert sum("takes no more events" in record.getMessage() for record in caplog.records) == 1
    async with running(stream_free_nats, small) as again:  # before anybody has sent anything
        await until(lambda: "takes no more" in check(again, "stream"))
    async with running(stream_free_nats, {"COLLECTOR_STREAM_MAX_BYTES": str(1 << 26)}) as raised:
        await until(lambda: not any(raised.ingest.checks().values()))
        assert (await raised.http.post("/api/event", json=LARGE)).status_code == 204
        assert await raised.count() == before + 1


async def test_a_stream_with_room_again_is_seen_without_traffic(stream_free_nats: str):
    async with running(stream_free_nats, {"COLLECTOR_STREAM_MAX_BYTES": str(1 << 20)}) as collector:
        while (await collector.http.post("/api/event", json=LARGE)).status_code == 204:
            pass
        assert "takes no more" in check(collector, "stream")
        for seq in range(1, 5):
            await broker.ask(collector.client, f"STREAM.MSG.DELETE.{STREAM}", {"seq": seq})
        collector.ingest.care.recheck_streams()
        await until(lambda: not any(collector.ingest.checks().values()))


@pytest.mark.parametrize("is_monitored", [True, pytest.param(False, marks=pytest.mark.long)])
async def test_a_disk_that_takes_no_more_reads_differently_until_the_server_is_started_again(
    nats_server: Callable[[], NatsServer], *, is_monitored: bool, tmp_path
):
    server = nats_server()
    environment = {"COLLECTOR_NATS_MONITOR_URL": server.monitor_url} if is_monitored else {}
    async with running(server.url, environment) as collector:
        assert (await collector.http.post("/api/event", json=LARGE)).status_code == 204
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))  # a disk that ends there
        while (answer := await collector.http.post("/api/event", json=LARGE)).status_code == 204:
            pass
        assert answer.status_code == 503
        wanted = Ailment.DISK_FAILED if is_monitored else Ailment.STORES_NOTHING
        async with asyncio.timeout(PATIENCE):
            while check(collector, "stream") != wanted:
                assert (await collector.http.post("/api/event", json=PAGE)).status_code == 503
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert (await collector.http.post("/api/event", json=LARGE)).status_code == 503  # it does not heal by itself
        known = environment | {"COLLECTOR_NATS_URL": server.url}
        report = await asyncio.to_thread(run_collector, tmp_path, "doctor", **known, **POSTGRES)
        assert ("fail  Store: takes no events" in report.stdout) is is_monitored
        before = await collector.count()
        server.stop()
        server.start()
        await until(lambda: not collector.ingest.checks()["nats"])
        async with asyncio.timeout(PATIENCE):
            while (await collector.http.post("/api/event", json=LARGE)).status_code != 204:
                await asyncio.sleep(0.05)
        await until(lambda: not any(collector.ingest.checks().values()))
        assert await collector.count() >= before


@pytest.mark.parametrize(
    ("said", "ailment"),
    [
        ("JetStream stream '$G > X' write error: write /data/4.blk: no space left on device", Ailment.DISK_FULL),
        ("JetStream stream '$G > X' write error: write /data/4.blk: disk quota exceeded", Ailment.DISK_FULL),
        ("JetStream stream '$G > X' write error: write /data/4.blk: read-only file system", Ailment.DISK_FAILED),
        ("JetStream is still recovering meta layer", None),
        ("", None),
    ],
)
def test_what_nats_says_of_its_disk_is_told_apart(said: str, ailment: Ailment | None):
    assert of_the_store(said) is ailment
