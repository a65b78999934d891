"""The data directory: who has it locked, and the note in it by which other commands find a running `collector up`."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from collector.failure import Failure
from collector.local.private import private_folder, write_private

_RUNTIME = "runtime.json"
_LOCK = "lock"
# A guard that stops the children of a killed run holds the lock for as long.
_LOCK_SECONDS = 30.0
_POLL_SECONDS = 0.1


class Runtime(Struct, frozen=True, kw_only=True):
    """Where a running `collector up` (or a command that started servers of its own) can be reached."""

    pid: int
    nats_url: str
    monitor_url: str | None
    database_url: str
    web_url: str | None = None
    web_port: int = 0
    projector_port: int = 0
    children: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"Runtime(pid={self.pid})"


class InUse(Failure):
    """Another collector works in this data directory."""


@contextlib.contextmanager
def locked(data: Path, *, pause: Callable[[float], None] = time.sleep) -> Iterator[int]:
    """Hold the data directory for ourselves and hand out the lock's file descriptor, or raise InUse."""
    try:
        private_folder(data)
        descriptor = os.open(data / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        text = f"the data directory {data} cannot be used ({error.strerror}); choose another with --data"
        raise Failure(text) from error
    try:
        _wait_for(data, descriptor, pause)
        # A note of before, or of the installation that this one is a copy of, is not believed while we are starting.
        forget_runtime(data)
        yield descriptor
    finally:
        os.close(descriptor)


def write_runtime(data: Path, runtime: Runtime) -> None:
    """Leave a note for other commands; it holds secrets, so it is ours alone to read."""
    write_private(data / _RUNTIME, msgspec.json.format(msgspec.json.encode(runtime)).decode())


def forget_runtime(data: Path) -> None:
    """Take the note away."""
    (data / _RUNTIME).unlink(missing_ok=True)


def running(data: Path) -> Runtime | None:
    """Return the note of the collector that runs in *data* now, or None when none does."""
    try:
        runtime = msgspec.json.decode((data / _RUNTIME).read_bytes(), type=Runtime)
        os.kill(runtime.pid, 0)
        # The number of a process that is gone may be another's by now; the lock is nobody else's.
        return runtime if _is_locked(data) else None
    except (OSError, msgspec.MsgspecError):
        return None


def is_used(data: Path) -> bool:
    """Say whether a collector has ever worked in *data*."""
    return (data / _LOCK).exists()


def _is_locked(data: Path) -> bool:
    with (data / _LOCK).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _wait_for(data: Path, descriptor: int, pause: Callable[[float], None]) -> None:
    deadline = time.monotonic() + _LOCK_SECONDS
    while not _try_lock(descriptor):
        if (owner := running(data)) is not None:
            where = f" at {owner.web_url}" if owner.web_url else ""
            raise InUse(
                f"a collector (process {owner.pid}) already runs in {data}{where}. Stop it, or choose another with --data."
            )
        if time.monotonic() > deadline:
            raise InUse(
                f"{data} is locked by a collector that is starting or stopping. Wait for it, or choose another with --data."
            )
        pause(_POLL_SECONDS)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
