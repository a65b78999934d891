"""Asking a running product over HTTP, and finding every byte that it wrote."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.running import Up, eventually

NUMBERS = ("visitors", "visits", "pageviews", "bounce_rate", "visit_duration")


def ask(running: Up, path: str) -> dict[str, Any]:
    """Return the API's answer; the API may be away for a moment."""
    answers: list[dict[str, Any]] = []

    def answered() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{running.port}{path}", timeout=10) as answer:
                answers.append(json.load(answer))
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

    eventually(answered, f"an answer at {path}")
    return answers[0]


def numbers(running: Up, site: str, query: str = "period=today") -> dict[str, Any]:
    """Return the overview's numbers, without the moment they were asked for."""
    overview = ask(running, f"/api/stats/{site}/overview?{query}")
    return {name: overview[name] for name in NUMBERS}


def everything(running: Up, site: str, query: str = "period=today") -> dict[str, Any]:
    """Return every answer that the dashboard shows, for comparing before and after."""
    dimensions = ("page", "entry_page", "exit_page", "source", "channel", "country", "device", "browser", "os", "event")
    rows = {name: ask(running, f"/api/stats/{site}/breakdown/{name}?{query}")["rows"] for name in dimensions}
    points = ask(running, f"/api/stats/{site}/timeseries?{query}")
    points.pop("as_of", None)
    return {"overview": numbers(running, site, query), "breakdowns": rows, "timeseries": points}


def everything_written(running: Up) -> bytes:
    """Return every byte below the data directory, and of a Postgres that root had to put elsewhere."""
    folders = [running.data, running.output.parent]
    location = running.data / "postgres" / "location"
    if location.exists():
        folders.append(Path(location.read_text().strip()))
    files = {file for folder in folders for file in folder.rglob("*") if file.is_file()}
    return b"\0".join(file.read_bytes() for file in sorted(files))
