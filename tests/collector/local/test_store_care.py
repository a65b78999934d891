"""What nats-server says about its store: said once, and mended by a start once there is room, and never in haste."""

import asyncio
import errno
import os
import resource
import signal

import nats
import pytest

from collector.local import store_care
from collector.local.child import NotStarted
from collector.local.disk import said_plainly, why_no_room, why_not_written
from collector.local.revived import Revived
from collector.local.store_care import PATIENCE_SECONDS, RESTART_SECONDS, StoreCare, StoreWatch
from collector.stream.monitor import health
from tests.running import eventually

FAILED = "JetStream stream 'A > B' write error: write 1.blk: no space left on device"
DISABLED = "jetstream not enabled"
RECOVERING = "JetStream stream 'A > B' could not be recovered"


def heard(*answers: tuple[float, str | None, str]) -> list[tuple[str | None, bool]]:
    """Return what was advised at each answer, which came at that second and with that to say against the disk."""
    care = StoreCare()
    given = [care.hear(said, lambda why=why: why, at) for at, said, why in answers]
    return [(advice.say, advice.restart) for advice in given]


@pytest.mark.parametrize("failed", [FAILED, DISABLED])
def test_a_full_disk_is_said_once_and_nats_started_again_once_there_is_room(failed):
    full, still, room, well = heard((0, failed, "full"), (2, failed, "full"), (4, failed, ""), (6, "", ""))
    assert full[0].startswith("events are refused, for full")
    assert failed in full[0]
    assert (full[1], still, room[1]) == (False, (None, False), True)
    assert well == ("nats-server is well again", False)


def test_nats_is_started_again_once_a_minute_at_most():
    again = heard(*[(at, FAILED, "") for at in range(int(2 * RESTART_SECONDS) + 1)])
    assert [at for at, (_, restart) in enumerate(again) if restart] == [0, RESTART_SECONDS, 2 * RESTART_SECONDS]


@pytest.mark.parametrize("odd", [None, RECOVERING])
def test_what_no_start_would_mend_is_said_once_and_not_in_haste(odd):
    answers = heard(*[(at, odd, "") for at in range(60)], (60, "", ""), (61, odd, ""))
    assert not any(restart for _, restart in answers)
    assert [at for at, (say, _) in enumerate(answers) if say is not None] == [PATIENCE_SECONDS, 60]


def test_a_disk_without_room_is_told_by_what_it_takes(tmp_path, monkeypatch):
    assert why_no_room(tmp_path) == ""
    with pytest.raises(ZeroDivisionError), said_plainly(tmp_path):
        raise ZeroDivisionError
    with pytest.raises(NotStarted, match="for another reason"), said_plainly(tmp_path):
        raise NotStarted("for another reason")
    monkeypatch.setattr("collector.local.disk.ROOM_BYTES", 1 << 80)
    monkeypatch.setattr("collector.local.disk.ROOM_SHARE", 1)
    assert "make room in" in why_no_room(tmp_path)
    with pytest.raises(NotStarted, match="make room in"), said_plainly(tmp_path):
        raise NotStarted("for lack of room")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("number", "says"), [("ENOSPC", "no inode"), ("EDQUOT", "quota"), ("EROFS", "read-only"), ("EIO", "Input")]
)
def test_each_way_in_which_a_disk_refuses_is_worded(tmp_path, number, says):
    code = getattr(errno, number)
    assert says in why_not_written(OSError(code, os.strerror(code)), tmp_path)


async def test_a_store_that_has_failed_heals_by_itself(nats_server, monkeypatch):
    server = nats_server()
    client = await nats.connect(server.url, max_reconnect_attempts=-1)
    await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
    await client.jetstream().publish("kept", b"1")
    # As from a full disk: whatever is written fails, for this process alone.
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    with pytest.raises(nats.errors.TimeoutError):
        await client.jetstream().publish("kept", b"2", timeout=0.5)
    eventually(lambda: "write error" in (health(server.monitor_url) or ""), "nats-server says so")

    monkeypatch.setattr(store_care, "LOOK_SECONDS", 0.05)
    revived = Revived("nats-server", lambda: server.start() or server.child)
    revived.child = server.child
    watch = StoreWatch(lambda: server.monitor_url, lambda: server.child.is_running, server.store)
    watch.start()
    eventually(lambda: watch.advice().restart, "a start is advised")
    assert revived.restart() == "nats-server runs again"
    await asyncio.wait_for(published(client), 60)
    assert (await client.jetstream().stream_info("KEPT")).state.messages == 2
    watch.stop()
    await client.close()


async def published(client: nats.NATS) -> None:
    while True:
        try:
            return await client.jetstream().publish("kept", b"3")
        except nats.errors.Error:
            await asyncio.sleep(0.05)


def test_a_frozen_server_does_not_answer_and_a_gone_one_neither(nats_server):
    server = nats_server()
    assert health(server.monitor_url) == ""
    os.kill(server.pid, signal.SIGSTOP)
    eventually(lambda: health(server.monitor_url) is None, "it is frozen, every thread of it")
    os.kill(server.pid, signal.SIGCONT)
    server.stop()
    assert health(server.monitor_url) is None
