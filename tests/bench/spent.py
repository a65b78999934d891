"""Spent: the processor time of everything that a server is, the processes that it has started and those that have ended."""

from collections.abc import Iterator, Mapping

import psutil
from msgspec import Struct


class Spent(Struct, frozen=True):
    """Seconds of processor time, by the name of the part that used them."""

    seconds: Mapping[str, float]

    def since(self, before: "Spent") -> "Spent":
        """Return what was used after *before*."""
        return Spent({name: seconds - before.seconds[name] for name, seconds in self.seconds.items()})

    @property
    def total(self) -> float:
        """Return the seconds of all parts together."""
        return sum(self.seconds.values())


def spent(parts: Mapping[str, psutil.Process]) -> Spent:
    """Return what each of *parts* has used so far, whatever it has started included."""
    return Spent({name: sum(_of(process)) for name, process in parts.items()})


def _of(process: psutil.Process) -> Iterator[float]:
    for one in [process, *process.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:  # between the list and the look: what it used is its parent's from now on
            continue
        yield times.user + times.system
        # Of those that have ended and been waited for, as a Postgres's sessions are.
        yield times.children_user + times.children_system
