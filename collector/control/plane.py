"""The control plane: every command, by the kind of thing that it is about, for code that waits and for an event loop."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, TypeVar

from collector.control.binding import Binding
from collector.control.goals import FUNNELS, GOALS, Targets
from collector.control.journal import Journal
from collector.control.keys import Keys
from collector.control.leaving_out import LeavingOut
from collector.control.line import PATIENCE_SECONDS, Line
from collector.control.members import Members
from collector.control.sessions import Sessions
from collector.control.sites import Sites
from collector.control.tenants import Tenants
from contracts.control.stream import CONTROL_STREAM, ControlStream

Answer = TypeVar("Answer")
# What is done at once. A question about everything takes long, so those wait for one another, and nobody else for them.
THREADS: Final = 8
LONG_THREADS: Final = 2


def random_id() -> str:
    """Return an id that nobody has: 128 bits, in hexadecimal."""
    return secrets.token_hex(16)


class ControlPlane(Journal):
    """The commands; each says *by* whom, and returns what was Decided, or raises Undecided.

    ``close`` it, or use it as a context manager. It opens its line to NATS with the first command, and goes on when NATS is
    back.
    """

    def __init__(
        self,
        line: Line,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str] = random_id,
        replicas: int = 1,
        stream: ControlStream = CONTROL_STREAM,
    ) -> None:
        super().__init__(line, clock=clock, replicas=replicas, stream=stream)
        self.tenants = Tenants(self)
        self.sites = Sites(self)
        self.mounts = Binding(self)
        self.goals = Targets(self, GOALS)
        self.funnels = Targets(self, FUNNELS)
        self.keys = Keys(self)
        self.members = Members(self, new_id=new_id)
        self.sessions = Sessions(self)
        self.quarantine = LeavingOut(self)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="control")
        self._long_threads = ThreadPoolExecutor(LONG_THREADS, thread_name_prefix="control-long")

    async def run(self, command: Callable[["ControlPlane"], Answer]) -> Answer:
        """Return what *command* returns, without an event loop that stands still meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, command, self)

    async def run_long(self, question: Callable[["ControlPlane"], Answer]) -> Answer:
        """Return what *question*, which is about all things of a kind, finds out; no command waits for it."""
        return await asyncio.get_running_loop().run_in_executor(self._long_threads, question, self)

    def close(self) -> None:
        """Leave NATS; whatever still waits for its turn is given up."""
        super().close()
        for threads in (self._threads, self._long_threads):
            threads.shutdown(wait=False, cancel_futures=True)


def open_plane(
    nats_url: str, *, clock: Callable[[], datetime], replicas: int = 1, patience: float = PATIENCE_SECONDS
) -> ControlPlane:
    """Return the control plane of the installation at *nats_url*; NATS need not be there yet."""
    return ControlPlane(Line(nats_url, patience=patience), clock=clock, replicas=replicas)
