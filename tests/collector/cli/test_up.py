"""`collector up` starts, stops, resumes, revives, and leaves nobody behind."""

import os
import resource
import signal
import socket
import urllib.error
from pathlib import Path

import nats
import psutil
import pytest

from tests.facts import STREAM
from tests.running import Up, eventually, runs, send_a_hit

# None, or the one that tells a kernel that hands cores to a program to give up.
NO_CORE = (["0", "0"], ["1", "1"])


async def events_in(nats_url: str) -> int:
    client = await nats.connect(nats_url)
    try:
        return (await client.jetstream().stream_info(STREAM)).state.messages
    finally:
        await client.close()


def limits_of(pid: int) -> list[str]:
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line.split()[4:6] for line in limits if line.startswith("Max core file size"))


async def test_it_starts_says_what_to_do_stops_cleanly_and_goes_on_where_it_was(up):
    first = up().wait_until_ready()
    everybody = first.everybody()
    assert {name: limits_of(pid) for name, pid in everybody.items() if limits_of(pid) not in NO_CORE} == {}
    assert send_a_hit(first.port) < 300
    assert is_told_to_be_alone(first), "nobody else can hold the day's salt, so its first event waits for nobody"
    assert first.stop(signal.SIGINT) == 0
    assert not any(runs(pid) for pid in everybody.values())
    said = first.output.read_text()
    assert f"http://127.0.0.1:{first.port}/" in said
    assert "<script defer" in said
    assert "/join#" in said, "while nobody can sign in"
    key = first.data / "master.key"
    assert (key.stat().st_mode & 0o777, key.stat().st_size > 0) == (0o600, True)
    made = key.read_text()
    assert "\x1b[" not in said, "colours are for terminals"
    assert not (first.data / "runtime.json").exists()

    second = up().wait_until_ready()
    assert await events_in(second.runtime["nats_url"]) == 1
    assert key.read_text() == made
    assert second.stop(signal.SIGTERM) == 0


def is_stored(running: Up) -> bool:
    try:
        return send_a_hit(running.port) < 300
    except urllib.error.HTTPError:
        return False


def test_a_killed_child_is_started_again_at_the_same_address(up, subtests):
    running = up().wait_until_ready()
    nats_url, database_url = running.runtime["nats_url"], running.runtime["database_url"]
    for name, pid in running.children.items():
        with subtests.test(name):
            os.kill(pid, signal.SIGKILL)
            eventually(lambda name=name, pid=pid: running.children[name] != pid and running.is_ready(), f"{name} is back")
    assert (running.runtime["nats_url"], running.runtime["database_url"]) == (nats_url, database_url)
    assert send_a_hit(running.port) < 300
    with subtests.test("what can store nothing any more"):
        # As from a full disk, until it is started again: nothing that it writes is taken.
        resource.prlimit(running.children["nats-server"], resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        with pytest.raises(urllib.error.HTTPError, match="503"):
            send_a_hit(running.port)
        eventually(lambda: is_stored(running), "events are stored again")
        assert running.output.read_text().count("has stopped storing") == 1


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_works(up):
    killed = up().wait_until_ready()
    everybody = killed.everybody()
    killed.process.kill()
    killed.process.wait()
    eventually(lambda: not any(runs(pid) for pid in everybody.values()), "the guard has stopped everybody")
    assert up().wait_until_ready().stop() == 0


@pytest.mark.long
def test_what_is_left_when_even_the_guard_was_killed_is_stopped_at_the_next_start(up):
    killed = up().wait_until_ready()
    left = killed.children
    os.kill(left.pop("guard"), signal.SIGSTOP)
    killed.process.kill()
    killed.process.wait()
    os.kill(killed.children["guard"], signal.SIGKILL)
    assert all(runs(pid) for pid in left.values())
    again = up().wait_until_ready()
    assert not any(runs(pid) for pid in left.values())
    assert again.stop() == 0


@pytest.mark.long
def test_a_second_signal_stops_at_once(up):
    running = up().wait_until_ready()
    everybody = running.everybody()
    os.kill(running.children["web"], signal.SIGSTOP)
    running.process.send_signal(signal.SIGINT)
    assert running.stop(signal.SIGINT) == 0
    assert not any(runs(pid) for pid in everybody.values())


def test_a_port_that_is_taken_is_said_before_anything_is_started(collector, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = collector("up", "--port", str(taken.getsockname()[1]))
    assert refused.returncode == 1
    assert "--port" in refused.stderr
    assert not (tmp_path / ".collector").exists()


def is_told_to_be_alone(running: Up) -> bool:
    return "--alone" in psutil.Process(running.children["web"]).cmdline()


async def test_servers_of_ones_own_are_used_instead_of_embedded_ones(stream_free_nats, postgres_url, tmp_path):
    running = Up(tmp_path / "data", COLLECTOR_NATS_URL=stream_free_nats, COLLECTOR_DATABASE_URL=postgres_url)
    try:
        running.wait_until_ready()
        assert set(running.children) == {"web", "project", "guard"}
        assert not is_told_to_be_alone(running), "others may use this NATS, and hold the day's salt"
        assert send_a_hit(running.port) < 300
        assert await events_in(stream_free_nats) == 1
    finally:
        assert running.stop() == 0
