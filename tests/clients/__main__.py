"""Runs the real clients of the five systems, unmodified, each against a fresh installation: `make clients CLIENTS=folder`."""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from tests.clients import of_bilan, of_change66, of_flowcore, of_minigem, of_nodash, recordings

SYSTEMS: dict[str, ModuleType] = {
    "bilan": of_bilan,
    "nodash": of_nodash,
    "minigem": of_minigem,
    "flowcore": of_flowcore,
    "change66": of_change66,
}


def main(arguments: list[str]) -> int:
    """Run each system's clients (those named, else all), and say what they did or what they lack; `--record` writes it down."""
    clients = Path(os.environ.get("CLIENTS") or ".").resolve()
    names = [name for name in arguments if name in SYSTEMS] or list(SYSTEMS)
    lacking = {name: [need for need in SYSTEMS[name].NEEDS if not (clients / need).exists()] for name in names}
    for name in names:
        sys.stdout.write(met(name, clients, lacking[name], is_recorded="--record" in arguments))
        sys.stdout.flush()
    return 1 if any(lacking.values()) else 0


def met(name: str, clients: Path, lacking: list[str], *, is_recorded: bool) -> str:
    """Return the line that says how it went."""
    if lacking:
        return f"{name}: not run, for CLIENTS has no {', no '.join(lacking)}; tests/clients/README.md says what it holds\n"
    began, at = time.monotonic(), datetime.now(UTC).replace(microsecond=0)
    key, heard = SYSTEMS[name].meet(clients)
    if is_recorded:
        recordings.write(name, heard, key=key, facts=SYSTEMS[name].FACTS, at=at)
    stored, took = sum(SYSTEMS[name].FACTS.values()), time.monotonic() - began
    return f"{name}: {len(heard)} requests, {stored} facts, as a hand counts them, also after a backfill ({took:.0f} s)\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
