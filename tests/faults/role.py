"""Role: one of the product's roles as a process of its own, which a test may kill, freeze, stop and start again."""

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from collector.local.child import Child, Launcher, Program
from collector.local.probe import ask, unready
from tests.faults.waiting import PATIENCE, until
from tests.ports import free_port
from tests.running import COLLECTOR, clean_environment

ROOT = Path(__file__).parents[2]
ROOM = str(1 << 28)


class Role:
    """A process that is started through the command line, always at the same port; ``module`` replaces it by a double."""

    def __init__(
        self, name: str, launcher: Launcher, folder: Path, *, module: str = "", options: Sequence[str] = (), **settings: str
    ) -> None:
        self.name = name
        self.port = free_port()
        self.log = folder / f"{name}-{self.port}.log"
        self._launcher = launcher
        self._argv = (*((sys.executable, "-m", module) if module else (*COLLECTOR, name)), *options)
        self._environment = {
            "DATA": str(folder / "data"),
            "PORT": str(self.port),
            "PROJECTOR_PORT": str(self.port),
            "STREAM_MAX_BYTES": ROOM,
            "LIMIT_SITE": "0",  # writers write as fast as they can
        } | settings
        self._child: Child | None = None

    def start(self, **variables: str) -> Self:
        """Start it, and do not wait; *variables* are for this process alone."""
        settings = {f"COLLECTOR_{name}": value for name, value in self._environment.items()}
        program = Program(
            name=self.name,
            argv=self._argv,
            folder=ROOT,
            log=self.log,
            environment=clean_environment(**settings) | variables,
        )
        self._child = self._launcher.launch(program)
        return self

    @property
    def child(self) -> Child:
        assert self._child is not None, f"{self.name} has not been started"
        return self._child

    @property
    def pid(self) -> int:
        return self.child.process.pid

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    def is_ready(self) -> bool:
        assert self.is_running, f"{self.name} has ended: {self.said()}"
        return not unready("127.0.0.1", self.port)

    async def ready(self) -> Self:
        """Return once it is ready for work."""
        await until(self.is_ready, f"{self.name} is ready")
        return self

    def signal(self, number: signal.Signals) -> None:
        self.child.process.send_signal(number)

    def kill(self) -> None:
        """Kill it as the kernel would when memory runs out."""
        self.child.process.kill()
        self.child.process.wait()

    def end(self, patience: float = PATIENCE) -> int:
        """Wait until it has ended by itself and return its exit code."""
        return self.child.process.wait(patience)

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.signal(signal.SIGTERM)
        return self.end()

    def stop_whatever_its_state(self) -> None:
        """End it, also when the test has frozen it."""
        if self.is_running:
            self.signal(signal.SIGCONT)
            self.kill()

    def unready(self) -> dict[str, str]:
        """Return what it lacks, by name."""
        return unready("127.0.0.1", self.port)

    def metric(self, sample: str) -> float:
        """Return the value of *sample*, such as ``collector_nats_connected``, 0 when it has none."""
        status, page = ask("127.0.0.1", self.port, "/metrics")
        assert status == 200, page
        values = [line.rpartition(" ")[2] for line in page.splitlines() if line.startswith(f"{sample} ")]
        return float(values[0]) if values else 0.0

    def said(self) -> str:
        """Return its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def seconds_to_end(role: Role, number: signal.Signals = signal.SIGTERM) -> float:
    """Send *number*, wait for the end and return how long that took."""
    began = time.monotonic()
    role.signal(number)
    role.end()
    return time.monotonic() - began
