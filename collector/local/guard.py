"""The ledger of children that are running, and the guard: a process of its own that stops them when their parent is gone.

The guard is run by this file's path, isolated from site-packages, so it imports nothing but the standard library.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

_PATIENCE_SECONDS = 4.0
_POLL_SECONDS = 0.05
_NEVER_MIND = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Entry(NamedTuple):
    """One running child: ``born`` tells it from a later process with the same id."""

    name: str
    pid: int
    born: str
    stop_signals: list[int]


def record(name: str, pid: int, stop_signals: list[int]) -> Entry:
    """Return the ledger's entry for the running process *pid*."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    # While it still becomes the program that was started, /proc may hide it (see _is_hidden).
    while (born := birth_of(pid)) is None and _is_hidden(pid) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return Entry(name, pid, born or "", stop_signals)


def write_ledger(ledger: Path, entries: list[Entry]) -> None:
    """Replace the ledger in one step."""
    draft = ledger.with_name(f".{ledger.name}.{os.getpid()}")
    try:
        with draft.open("w") as file:
            # The file names itself: in a copied folder it would name the processes of the original.
            json.dump({"inode": os.fstat(file.fileno()).st_ino, "children": entries}, file)
        draft.replace(ledger)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def read_ledger(ledger: Path) -> list[Entry]:
    """Return the ledger's entries, or none when there is no ledger that makes sense, or only a copy of another's."""
    try:
        with ledger.open() as file:
            told, inode = json.load(file), os.fstat(file.fileno()).st_ino
        return [Entry(*fields) for fields in told["children"]] if told["inode"] == inode else []
    except (OSError, ValueError, TypeError, KeyError):
        return []


def stop_recorded(ledger: Path) -> list[str]:
    """Stop every process in the ledger that still runs, the last started first; return their names."""
    running = [entry for entry in reversed(read_ledger(ledger)) if is_running(entry)]
    for entry in running:
        _stop(entry)
    ledger.unlink(missing_ok=True)
    return [entry.name for entry in running]


def is_running(entry: Entry) -> bool:
    """Say whether *entry* is alive, and not merely its number in use again."""
    return birth_of(entry.pid) == entry.born != "" or (entry.born.startswith(_boot()) and _is_hidden(entry.pid))


def birth_of(pid: int) -> str | None:
    """Return when *pid* was started, in whatever words the system has for it, or None when it does not run."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _birth_by_ps(pid)
    return None if fields[0] in "ZX" else f"{_boot()} {fields[19]}"


def _is_hidden(pid: int) -> bool:
    # Mounted with hidepid, /proc does not show an ordinary user those of its own processes that give their memory to nobody.
    if os.access(f"/proc/{pid}/stat", os.R_OK) or not Path("/proc/self/stat").exists():
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "no /proc here"


def _birth_by_ps(pid: int) -> str | None:
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split(maxsplit=1)  # noqa: S603  # a number
    return None if len(answer) < 2 or answer[0].startswith("Z") else answer[1].strip()  # noqa: PLR2004  # state and time


def _stop(entry: Entry) -> None:
    for number in [*entry.stop_signals, signal.SIGKILL]:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        try:
            os.kill(entry.pid, number)
        except ProcessLookupError:
            return
        while time.monotonic() < deadline:
            if not is_running(entry):
                return
            time.sleep(_POLL_SECONDS)


def main() -> None:
    """Wait until nobody holds the other end of our standard input any more, then stop what is left."""
    for number in _NEVER_MIND:
        signal.signal(number, signal.SIG_IGN)
    while sys.stdin.buffer.read(1):
        pass
    stop_recorded(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
