"""Children under guard: whatever becomes of us, a guard stops them; whatever becomes of the guard, we replace it."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from collector.local import guard
from collector.local.child import Child, PlainLauncher, Program, stop_together

_GOODBYE_SECONDS = 30.0
_UNKNOWN_SECONDS = 4.0


class GuardedLauncher:
    """Start children, note each in the ledger, and keep a guard alive that reads it when we are gone.

    The guard holds *lock* too, if there is one, so that the data directory stays locked until the last child has stopped.
    """

    def __init__(self, ledger: Path, *, lock: int | None = None, pause: Callable[[float], None] = time.sleep) -> None:
        self._ledger = ledger
        self._lock = lock
        self.pause = pause
        self._plain = PlainLauncher()
        self._entries: list[guard.Entry] = []
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.keep_guard()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # The guard stops whatever the caller has left running; after a clean stop there is nothing for it to do.
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait(_GOODBYE_SECONDS)

    @property
    def guard_pid(self) -> int | None:
        """Return the guard's process id."""
        return None if self._guard is None else self._guard.pid

    def launch(self, program: Program) -> Child:
        """Start *program* and enter it in the ledger."""
        self.keep_guard()
        child = self._plain.launch(program)
        self._entries = [entry for entry in self._entries if guard.is_running(entry)]
        self._entries.append(guard.record(program.name, child.process.pid, list(program.stop_signals)))
        try:
            guard.write_ledger(self._ledger, self._entries)
        except OSError:
            # Nobody would know of it.
            stop_together([child], patience=_UNKNOWN_SECONDS)
            raise
        return child

    def keep_guard(self) -> None:
        """Start the guard, or another one when it has been killed."""
        if self._guard is not None and self._guard.poll() is None:
            return
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard = subprocess.Popen(  # noqa: S603  # our own file
            [sys.executable, "-I", "-S", guard.__file__, str(self._ledger)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=self._ledger.parent,
            pass_fds=() if self._lock is None else (self._lock,),
        )
