"""The guard stops children whose parent is gone, and only those."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from collector.local import guard
from collector.local.child import NotStarted, PlainLauncher, Program, stop_together, wait_until
from collector.local.directory import InUse, Runtime, locked, running, write_runtime
from collector.local.guarded import GuardedLauncher
from collector.local.revived import FIRST_DELAY, HEALTHY_SECONDS, LONGEST_DELAY, Revived
from collector.local.signals import Interrupted, StopSignals
from tests.running import eventually, runs

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
PARENT = """
import sys, time
from pathlib import Path
from collector.local.child import Program
from collector.local.guarded import GuardedLauncher

folder = Path(sys.argv[1])
launcher = GuardedLauncher(folder / "children.json").__enter__()
child = launcher.launch(Program(name="child", argv=("sleep", "600"), folder=folder, log=folder / "child.log"))
print(child.process.pid, launcher.guard_pid, flush=True)
time.sleep(600)
"""


def program(folder: Path, *argv: str) -> Program:
    return Program(name="child", argv=argv or ("sleep", "600"), folder=folder, log=folder / "child.log")


def test_children_do_not_outlive_a_parent_that_is_killed(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert all(runs(pid) for pid in pids)
        parent.kill()
    eventually(lambda: not any(runs(pid) for pid in pids), "child and guard are gone")


def test_a_killed_guard_is_replaced(tmp_path):
    with GuardedLauncher(tmp_path / "children.json") as launcher:
        first = launcher.guard_pid
        os.kill(first, signal.SIGKILL)
        eventually(lambda: launcher.keep_guard() or launcher.guard_pid != first, "another guard")
        child = launcher.launch(program(tmp_path))
    assert child.process.wait(30) == -signal.SIGTERM


def test_a_child_that_ignores_the_signal_is_killed(tmp_path):
    child = PlainLauncher().launch(program(tmp_path, sys.executable, "-c", STUBBORN))
    eventually(lambda: "up" in child.program.log.read_text(), "it ignores the signal")
    stop_together([child], patience=0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_a_stranger_that_has_a_dead_childs_number_is_left_alone(tmp_path):
    ledger = tmp_path / "children.json"
    with subprocess.Popen(["sleep", "600"]) as stranger:
        guard.write_ledger(ledger, [guard.Entry("child", stranger.pid, "long ago", [signal.SIGTERM])])
        assert guard.stop_recorded(ledger) == []
        assert stranger.poll() is None
        stranger.kill()


def test_a_copied_ledger_names_nobody_for_its_processes_are_the_originals(tmp_path):
    ledger = tmp_path / "children.json"
    with subprocess.Popen(["sleep", "600"]) as original:
        guard.write_ledger(ledger, [guard.record("child", original.pid, [signal.SIGTERM])])
        stopped = [
            guard.stop_recorded(Path(shutil.copy2(ledger, tmp_path / "copy.json"))),
            guard.stop_recorded(ledger.rename(tmp_path / "moved.json")),
        ]
        original.kill()
    assert stopped == [[], ["child"]]


def test_a_full_disk_leaves_the_ledger_as_it_was(tmp_path, monkeypatch):
    ledger = tmp_path / "children.json"
    guard.write_ledger(ledger, [guard.record("child", os.getpid(), [signal.SIGTERM])])
    before = ledger.read_bytes()
    with monkeypatch.context() as full:
        full.setattr(Path, "replace", lambda *_: os.close(-1))
        with pytest.raises(OSError, match="Bad file"):
            guard.write_ledger(ledger, [])
    assert (ledger.read_bytes(), list(tmp_path.iterdir())) == (before, [ledger])


@pytest.mark.parametrize("content", ["", "{", '[["child"]]', "7", "{}", '{"inode": 1, "children": 7}', None])
def test_a_broken_ledger_names_nobody(tmp_path, content):
    ledger = tmp_path / "children.json"
    if content is not None:
        ledger.write_text(content)
    assert guard.stop_recorded(ledger) == []


def test_a_child_that_exits_at_once_is_reported_with_its_last_words(tmp_path):
    launcher = PlainLauncher()
    child = launcher.launch(program(tmp_path, sys.executable, "-c", "import sys; print('no luck'); sys.exit(7)"))
    with pytest.raises(NotStarted, match=r"exit code 7.*no luck.*child\.log"):
        wait_until(lambda: False, child, launcher, patience=30)


def test_a_data_directory_is_locked_once_and_the_owner_is_named(tmp_path):
    with locked(tmp_path):
        write_runtime(tmp_path, Runtime(pid=os.getpid(), nats_url="nats://x", monitor_url=None, database_url="postgresql://x"))
        with pytest.raises(InUse, match=f"process {os.getpid()}"), locked(tmp_path):
            pass
    with locked(tmp_path):
        pass


def test_the_note_of_a_dead_process_is_not_believed(tmp_path):
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    write_runtime(tmp_path, Runtime(pid=gone.pid, nats_url="nats://x", monitor_url=None, database_url="postgresql://x"))
    assert running(tmp_path) is None


def test_a_note_is_not_believed_because_another_process_has_the_number_of_its_writer(tmp_path):
    with locked(tmp_path):
        write_runtime(tmp_path, Runtime(pid=os.getpid(), nats_url="nats://x", monitor_url=None, database_url="postgresql://x"))
        assert running(tmp_path) is not None
    assert running(tmp_path) is None


def test_a_note_that_was_there_before_is_not_believed_while_a_collector_starts(tmp_path):
    # A copied data directory has the note of the original, whose process runs.
    write_runtime(tmp_path, Runtime(pid=os.getpid(), nats_url="nats://x", monitor_url=None, database_url="postgresql://x"))
    with locked(tmp_path):
        assert running(tmp_path) is None


def test_the_note_with_its_secrets_is_private_and_does_not_show_them(tmp_path):
    note = Runtime(pid=os.getpid(), nats_url="nats://s3cret@x", monitor_url=None, database_url="postgresql://s3cret@x")
    write_runtime(tmp_path, note)
    assert (tmp_path / "runtime.json").stat().st_mode & 0o077 == 0
    assert "s3cret" not in repr(note)


def test_a_child_that_never_lasts_is_started_ever_more_rarely(tmp_path):
    now = 0
    starts: list[int] = []

    def start():
        starts.append(now)
        child = PlainLauncher().launch(program(tmp_path, "true"))
        child.process.wait()
        return child

    revived = Revived("child", start, clock=lambda: now / 1000)
    revived.start()
    while now < 60_000:
        revived.revive()
        now += 10
    waits = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert waits[0] == pytest.approx(1000 * FIRST_DELAY, abs=20)
    assert waits[1] == pytest.approx(2000 * FIRST_DELAY, abs=20)
    assert waits[-1] == pytest.approx(1000 * LONGEST_DELAY, abs=20)


def test_a_child_that_lasted_is_started_again_at_once(tmp_path):
    now = 0.0
    revived = Revived("child", lambda: PlainLauncher().launch(program(tmp_path, "true")), clock=lambda: now)
    revived.start()
    revived.child.process.wait()
    now = HEALTHY_SECONDS + 1
    assert f"in {FIRST_DELAY} s" in revived.revive()


def test_a_signal_ends_a_wait_and_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signals = StopSignals()
    try:
        with signals.heard():
            signal.raise_signal(signal.SIGHUP)
            signals.pause(0)
            signal.raise_signal(signal.SIGTERM)
            with pytest.raises(Interrupted):
                signals.pause(60)
            assert not signals.is_urgent()
            signal.raise_signal(signal.SIGINT)
            assert signals.is_urgent()
    finally:
        signal.signal(signal.SIGHUP, before)
