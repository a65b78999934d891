"""Searching the log files of an installation: the roles', NATS's and Postgres's."""

import re
from collections.abc import Iterator
from pathlib import Path

from collector.cli.checks.finding import Finding, bad, good, odd
from collector.cli.checks.suspects import Suspects
from collector.local.pg_place import recorded_place

# The machine's own addresses, which servers say they listen on.
_OWN = re.compile(r"(?<![\d.])(?:127(?:\.\d{1,3}){3}|0\.0\.0\.0)(?![\d.])|(?<![\w:])::1?(?![\w:])")
_ADVICE = (
    "Nothing of ours writes it: see which program does, stop it, and remove this one log, of which no number is made. Please "
    "report it if it was Collector."
)


def examine_logs(data: Path) -> Finding:
    """Search every line of the logs below the data directory."""
    files = list(log_files(data))
    if not files:
        return odd("Logs", "there are none here", "Roles that you run yourself log to their standard output; search that.")
    suspects, lines = Suspects(), 0
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as log:
            for line in log:
                lines += 1
                suspects.add_text(file.name, _OWN.sub("", line))
    if found := list(suspects.lines()):
        return bad("Logs", "; ".join(found), _ADVICE)
    return good("Logs", f"{lines:,} lines in {len(files)} files searched")


def log_files(data: Path) -> Iterator[Path]:
    """Yield the logs of the installation in *data*, the rotated ones too."""
    for folder in folders_of(data):
        yield from (file for file in sorted(folder.rglob("*.log*")) if file.is_file())


def folders_of(data: Path) -> list[Path]:
    """Return the data directory, and the place where a Postgres that root has started keeps its files."""
    place = recorded_place(data / "postgres")
    return [data] if place is None else [data, place]
