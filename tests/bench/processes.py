"""The processes that are measured: the product's roles and the ceilings beside them, their costs, and the load put on them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from collector.local.child import Launcher, Program, stop_together, wait_until
from collector.local.probe import ask
from tests.bench.load import Result
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
ROOM = str(8 << 30)
# All that counting for the limits costs, and nobody is refused.
LOOSE = {f"COLLECTOR_LIMIT_{whose}{burst}": "100000000" for whose in ("ADDRESS", "KEY", "SITE") for burst in ("", "_BURST")}


class Process(Struct, frozen=True):
    """A running process that answers on *port*."""

    port: int
    measured: psutil.Process
    ready_seconds: float

    @property
    def cpu_seconds(self) -> float:
        """Return the processor time that it has used so far."""
        times = self.measured.cpu_times()
        return times.user + times.system

    @property
    def rss(self) -> int:
        """Return the bytes that it has in memory."""
        return self.measured.memory_info().rss


class Loaded(Struct, frozen=True):
    """A load, and the processor time of the process that answered it."""

    result: Result
    cpu_seconds: float

    @property
    def cpu_microseconds(self) -> float:
        """Return the processor time of one answer."""
        return self.cpu_seconds / self.result.total * 1e6


def environment(**settings: str) -> dict[str, str]:
    """Return the environment of a child: ours with no setting of the product but *settings*."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COLLECTOR_")}
    given = {f"COLLECTOR_{name}": value for name, value in settings.items()}
    return inherited | {"COLLECTOR_STREAM_MAX_BYTES": ROOM, **LOOSE, **given}


@contextmanager
def role(name: str, launcher: Launcher, folder: Path, **settings: str) -> Iterator[Process]:
    """Run `collector` *name*, ready, for the length of the block."""
    argv = (sys.executable, "-m", "collector.cli", name)
    port = free_port()
    with _running(argv, port, launcher, folder, environment(PORT=str(port), PROJECTOR_PORT=str(port), **settings)) as process:
        yield process


@contextmanager
def ceiling(name: str, launcher: Launcher, folder: Path) -> Iterator[Process]:
    """Run a server of tests.bench.ceilings, ready, for the length of the block."""
    port = free_port()
    argv = (sys.executable, "-m", "tests.bench.ceilings", name, str(port))
    with _running(argv, port, launcher, folder, environment()) as process:
        yield process


@contextmanager
def _running(argv: Sequence[str], port: int, launcher: Launcher, folder: Path, variables: dict[str, str]) -> Iterator[Process]:
    log = folder / f"{'-'.join(argv[2:4]).replace('/', '-')}-{port}.log"
    program = Program(name=argv[3], argv=tuple(argv), folder=ROOT, log=log, environment=variables)
    began = time.perf_counter()
    child = launcher.launch(program)
    try:
        wait_until(lambda: ask("127.0.0.1", port, "/readyz")[0] == 200, child, launcher, patience=PATIENCE)
        yield Process(port, psutil.Process(child.process.pid), time.perf_counter() - began)
    finally:
        stop_together([child], patience=PATIENCE)


def load(process: Process, traffic: str, *, connections: int, seconds: float, **options: float) -> Loaded:
    """Put *traffic* on *process* from a process of its own, whose *options* tests.bench.load describes."""
    wanted = {"port": process.port, "traffic": traffic, "connections": connections, "seconds": seconds, **options}
    argv = [sys.executable, "-m", "tests.bench.load", *(f"--{name}={value}" for name, value in wanted.items())]
    before = process.cpu_seconds
    printed = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    return Loaded(msgspec.json.decode(printed, type=Result), process.cpu_seconds - before)
