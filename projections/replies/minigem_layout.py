"""Minigem's event log on disk: for each day of arrival a file of lines of words, and one of lines of JSON.

``<day>.log`` and ``json/<day>.jsonl``, as its server wrote them below LOG_DIR; each line of JSON is an item that POST /t takes.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import msgspec

from projections.replies.minigem_stats import NO_SYSTEM, NO_VERSION

_GAP: Final = re.compile(r"\s+")
Action = Mapping[str, Any]


async def write_logs(folder: Path, actions: AsyncIterator[list[dict[str, Any]]]) -> int:
    """Write everything into *folder*, which is to be new or empty, and return how many events that were."""
    (folder / "json").mkdir(parents=True, exist_ok=True)
    count = 0
    async for some in actions:
        count += len(some)
        for day, theirs in _by_day(some).items():
            _append(folder / f"{day}.log", map(log_line, theirs))
            _append(folder / "json" / f"{day}.jsonl", map(json_line, theirs))
    return count


def log_line(action: Action) -> str:
    """Return the line of words: time, who, what, system, versions, milliseconds, exit code, country and region."""
    words = (
        f"{action['occurred_at'].astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        action["subject"],
        action["name"],
        *_with_what(action),
        "" if action["duration_ms"] is None else str(action["duration_ms"]),
        "" if action["exit_code"] is None else str(action["exit_code"]),
        f"{action['country']}-{_region(action)}",
    )
    # A word of many would shift those behind it.
    return " ".join(_GAP.sub("_", word) for word in words)


def json_line(action: Action) -> str:
    """Return the line of JSON."""
    os, ext, vscode = _with_what(action)
    own = {"durationMs": action["duration_ms"], "exit": action["exit_code"], "sessionId": action["session"] or None}
    document = {
        "anon": action["subject"],
        "evt": action["name"],
        "t": round(action["occurred_at"].timestamp() * 1000),
        "os": os,
        "ext": ext,
        "vscode": vscode,
        "m": action["props"] | {name: value for name, value in own.items() if value is not None},
        "country": action["country"],
        "region": _region(action),
    }
    return msgspec.json.encode(document).decode()


def _with_what(action: Action) -> tuple[str, str, str]:
    return action["os"] or NO_SYSTEM, action["version"] or NO_VERSION, action["host_version"] or NO_VERSION


def _region(action: Action) -> str:
    return str(action["region"]).rpartition("-")[2]


def _by_day(actions: Iterable[Action]) -> dict[str, list[Action]]:
    days: dict[str, list[Action]] = {}
    for action in actions:
        days.setdefault(f"{action['received_at'].astimezone(UTC):%Y-%m-%d}", []).append(action)
    return days


def _append(file: Path, lines: Iterable[str]) -> None:
    with file.open("a", encoding="utf-8") as opened:
        opened.writelines(f"{line}\n" for line in lines)
