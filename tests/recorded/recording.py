"""Recorded answers: files of one line for each request, and what differs between two of them."""

import json
from difflib import unified_diff
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "answers"
SHOWN_LINES = 24
SHOWN_REQUESTS = 10


def read(name: str) -> dict[str, Any]:
    """Return the answers recorded as *name*."""
    return dict(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def write(name: str, answers: dict[str, Any]) -> Path:
    """Record *answers* as *name*, and return the file."""
    file = FOLDER / f"{name}.json"
    lines = ",\n".join(f"{_compact(request)}: {_compact(answer)}" for request, answer in answers.items())
    file.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    return file


def differences(recorded: dict[str, Any], asked: dict[str, Any]) -> list[str]:
    """Return, for each request that is answered otherwise than was recorded, its name and the lines that differ."""
    requests = [*recorded, *(request for request in asked if request not in recorded)]
    return [difference for request in requests if (difference := _difference(request, recorded, asked))]


def report(found: list[str]) -> str:
    """Return the first of the differences *found*, and how many there are."""
    more = f"\n... and {len(found) - SHOWN_REQUESTS} more" if len(found) > SHOWN_REQUESTS else ""
    return f"{len(found)} differ from what was recorded\n" + "\n".join(found[:SHOWN_REQUESTS]) + more


def _difference(request: str, recorded: dict[str, Any], asked: dict[str, Any]) -> str:
    if request not in asked:
        return f"{request}\n  is recorded, and was not asked"
    if request not in recorded:
        return f"{request}\n  was asked, and is not recorded"
    # As text, for the order of keys is part of an answer, and 1 is not 1.0.
    if _compact(recorded[request]) == _compact(asked[request]):
        return ""
    lines = list(unified_diff(_lines(recorded[request]), _lines(asked[request]), "recorded", "now", n=2, lineterm=""))
    cut = [f"... {len(lines) - SHOWN_LINES} more lines"] if len(lines) > SHOWN_LINES else []
    return "\n  ".join([request, *lines[:SHOWN_LINES], *cut])


def _lines(answer: Any) -> list[str]:
    if not isinstance(answer, str):
        return json.dumps(answer, ensure_ascii=False, indent=1).splitlines()
    return answer.splitlines() if "\n" in answer else answer.split(" ")


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
