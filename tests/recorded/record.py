"""Records every answer anew: `python -m tests.recorded.record [LOG]`, where LOG is the real access log."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.recorded import log, questions, real_accesslog, recording, wire
from tests.recorded.asking import DEMO, Servers, ask_accesslog, ask_demo, ask_wire, run, servers


def main(arguments: list[str]) -> None:
    """Write the file of each kind of answer, and say how large it is."""
    with servers() as on:
        for name, answers in recorded(on, *map(Path, arguments)):
            file = recording.write(name, answers)
            sys.stdout.write(f"{name}: {len(answers)} answers, {file.stat().st_size:,} bytes\n")


def recorded(on: Servers, *logs: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each kind of answer with its answers."""
    yield "wire", run(ask_wire(on, wire.requests()))
    demo, pages = run(ask_demo(on, questions.of_demo(DEMO)))
    yield "demo", demo
    yield "pages", pages
    with tempfile.TemporaryDirectory() as folder:
        answers, told = run(ask_accesslog(on, log.made_log(Path(folder)), log.SITE, log.asked()))
    yield "accesslog", {"import": told} | answers
    for path in logs:
        yield real_accesslog.NAME, real_accesslog.ask(on, path)


if __name__ == "__main__":
    main(sys.argv[1:])
