"""One child process: how it is launched, awaited and stopped, and what is said when it does not come up."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from collector.failure import Failure
from collector.local.private import free_port

_LOG_LIMIT = 10 * 1024 * 1024
_LOG_TAIL = 4096
_POLL_SECONDS = 0.02
_PORT_TRIES = 3


class NotStarted(Failure):
    """A child process did not come up; the text says which, why, and what to do."""


class Owner(Struct, frozen=True, kw_only=True):
    """The unprivileged user that a program runs as when we are root."""

    name: str
    uid: int
    gid: int


class Program(Struct, frozen=True, kw_only=True):
    """What to run, where its output goes, and which signals ask it to stop, the gentlest first."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    log: Path
    environment: dict[str, str] | None = None
    owner: Owner | None = None
    stop_signals: tuple[int, ...] = (signal.SIGTERM,)


class Child(Struct, frozen=True, kw_only=True):
    """A program that has been started."""

    program: Program
    process: subprocess.Popen[bytes]

    @property
    def is_running(self) -> bool:
        """Say whether it has not exited yet."""
        return self.process.poll() is None


class Launcher(Protocol):
    """Who starts the children: plainly, or under a guard that outlives us."""

    def launch(self, program: Program) -> Child:
        """Start *program*."""

    def pause(self, seconds: float) -> None:
        """Wait, or raise when there is no point in waiting any longer."""


class PlainLauncher:
    """Start children that nobody else looks after."""

    def launch(self, program: Program) -> Child:
        """Start *program* in a session of its own, so that a Ctrl-C in the terminal reaches only its parent."""
        _rotate(program.log)
        with program.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  # the command is our own, never a caller's text
                program.argv,
                cwd=program.folder,
                env=program.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **identity(program.owner),
            )
        return Child(program=program, process=process)

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def wait_until(ready: Callable[[], bool], child: Child, launcher: Launcher, *, patience: float) -> None:
    """Return once *ready* says so; stop the child and raise NotStarted when it exits first or takes too long."""
    program = child.program
    deadline = time.monotonic() + patience
    while not ready():
        if not child.is_running:
            code = child.process.returncode
            raise NotStarted(f"{program.name} stopped while starting (exit code {code}).{_last_words(program.log)}")
        if time.monotonic() > deadline:
            stop_together([child], patience=5)
            raise NotStarted(f"{program.name} was not ready within {patience:.0f} s.{_last_words(program.log)}")
        launcher.pause(_POLL_SECONDS)


def on_a_free_port(start_on: Callable[[int], None], log: Path) -> None:
    """Call *start_on* with a free port, and again with another when somebody was quicker to take it."""
    for _ in range(_PORT_TRIES - 1):
        try:
            return start_on(free_port())
        except NotStarted:
            if "address already in use" not in tail(log).lower():
                raise
    return start_on(free_port())


def stop_together(children: Sequence[Child], *, patience: float, is_urgent: Callable[[], bool] = lambda: False) -> None:
    """Ask all of them to stop at once, signal by signal, and kill the rest when *patience* is over or it *is_urgent*."""
    rounds = max((len(child.program.stop_signals) for child in children), default=0)
    for turn in range(rounds):
        for child in children:
            if turn < len(child.program.stop_signals) and child.is_running:
                child.process.send_signal(child.program.stop_signals[turn])
        _wait_for_exits(children, patience / rounds, is_urgent)
    for child in children:
        child.process.kill()
        child.process.wait()


def run(argv: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a short command of our own to its end; a Ctrl-C in the terminal does not reach it."""
    return subprocess.run(argv, capture_output=True, text=True, check=False, start_new_session=True, **options)  # noqa: S603  # ours


def identity(owner: Owner | None) -> dict[str, Any]:
    """Return what subprocess needs to run a child as *owner*, or nothing."""
    return {} if owner is None else {"user": owner.uid, "group": owner.gid, "extra_groups": []}


def tail(log: Path) -> str:
    """Return the end of *log*, or nothing when there is no such file."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LOG_TAIL))
        return file.read().decode(errors="replace")


def _last_words(log: Path) -> str:
    lines = tail(log).splitlines()
    said = f" Its last line: {lines[-1].strip()}" if lines else ""
    return f"{said} See {log}."


def _wait_for_exits(children: Sequence[Child], patience: float, is_urgent: Callable[[], bool]) -> None:
    deadline = time.monotonic() + patience
    while any(child.is_running for child in children):
        if is_urgent() or time.monotonic() > deadline:
            return
        time.sleep(_POLL_SECONDS)


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
