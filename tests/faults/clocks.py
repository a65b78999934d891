"""Clocks that a test sets: replicas as processes under libfaketime, each with a clock of its own, and what they hashed."""

import signal
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from collector.local.child import Child, Launcher, Program
from tests.faults.waiting import until
from tests.running import clean_environment

ROOT = Path(__file__).parents[2]
_PLACES = (
    "/usr/lib/*/faketime/libfaketime.so.1",
    "/usr/lib*/faketime/libfaketime.so.1",
    "/usr/local/lib/faketime/libfaketime.so.1",
)


class Hash(Struct, frozen=True, kw_only=True):
    """What a replica made of one visit: an id under a day's salt, or None when it had no salt."""

    at: datetime
    day: date | None = None
    visitor: str | None = None


def libfaketime() -> Path:
    """Return the library, or fail with a word on how to get it."""
    found = [path for place in _PLACES for path in Path("/").glob(place.removeprefix("/"))]
    assert found, "these tests need libfaketime to set clocks. Run: apt-get install libfaketime"
    return found[0]


def read_offset(clock: Path) -> float:
    """Return by how many seconds *clock* differs from the real time."""
    return float(clock.read_text())


def set_clock(clock: Path, now: datetime) -> None:
    """Set *clock* to *now*; it goes on from there."""
    turn_clock(clock, (now - datetime.now(UTC)).total_seconds())


def turn_clock(clock: Path, offset: float) -> None:
    draft = clock.with_suffix(".draft")
    draft.write_text(f"{offset:+f}")
    draft.replace(clock)


class Replica:
    """One replica in a process of its own, under a clock of its own."""

    def __init__(self, name: str, launcher: Launcher, folder: Path, nats_url: str) -> None:
        self.clock = folder / f"{name}.clock"
        self.log = folder / f"{name}.log"
        self._launcher = launcher
        everybodys = folder / "everybodys.clock"
        turn_clock(self.clock, read_offset(everybodys))
        variables = {
            "LD_PRELOAD": str(libfaketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self.clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        argv = (sys.executable, "-m", "tests.faults.doubles.replica", nats_url, str(everybodys))
        program = Program(name=name, argv=argv, folder=ROOT, log=self.log, environment=clean_environment(**variables))
        self.child: Child = launcher.launch(program)

    @property
    def hashes(self) -> list[Hash]:
        """Everything that it has made of visits so far."""
        assert self.child.is_running or self.child.process.returncode < 0, self.log.read_text()[-2000:]
        lines = [line for line in self.log.read_text().splitlines(keepends=True) if line.startswith("{")]
        return [msgspec.json.decode(line, type=Hash) for line in lines if line.endswith("\n")]

    async def hashes_under(self, day: date) -> None:
        """Return once the newest hash is under the salt of *day*."""
        await until(lambda: (hashes := self.hashes) and hashes[-1].day == day, f"{self.log.stem} hashes under {day}")

    def freeze(self) -> None:
        self.child.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.child.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.child.process.kill()
        self.child.process.wait()


def visitors_of(replicas: list[Replica]) -> dict[date, set[str]]:
    """Return every id that the one visitor was given by any of *replicas*, by the day of the salt."""
    ids: dict[date, set[str]] = {}
    for replica in replicas:
        for made in replica.hashes:
            if made.day is not None and made.visitor is not None:
                ids.setdefault(made.day, set()).add(made.visitor)
    return ids


def midnight_after(now: datetime) -> datetime:
    return datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
