"""Compares the answers about a real access log, which is not here: `python -m tests.recorded.real_accesslog LOG`."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from tests.recorded import questions, recording
from tests.recorded.asking import Servers, ask_accesslog, run, servers

NAME = "real_accesslog"
SITE = "blog.example"
FIRST, LAST = "2015-05-17", "2015-05-20"
LIMIT = 20


def ask(on: Servers, path: Path) -> dict[str, Any]:
    """Return the API's answers about the log at *path*: counts, paths, origins and families, and nothing else of it."""
    answers, _ = run(ask_accesslog(on, path, SITE, questions.of_log(SITE, FIRST, LAST, LIMIT)))
    return {question: _sealed(answer) if "/utm_" in question else answer for question, answer in answers.items()}


def _sealed(answer: Any) -> str:
    # Campaign tags are words that somebody chose, names among them; a digest compares them without repeating them.
    return f"sha256 {hashlib.sha256(json.dumps(answer, ensure_ascii=False).encode()).hexdigest()}"


def main(path: Path) -> int:
    """Say whether every answer is as it was recorded; return 0 when it is, and 1 when it is not."""
    with servers() as on:
        found = recording.differences(recording.read(NAME), ask(on, path))
    sys.stdout.write(f"{recording.report(found) if found else 'every answer is as it was recorded'}\n")
    return int(bool(found))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Name the log: python -m tests.recorded.real_accesslog LOG")
    sys.exit(main(Path(sys.argv[1])))
