"""Minigem's event log: for each day of arrival a line of words and a line of JSON per event, as its server wrote them."""

import re
from collections.abc import Iterator
from datetime import UTC
from typing import Any, Final

import msgspec

from contracts.events import ActionRecorded, Fact

NO_SYSTEM: Final = "unknown"
NO_VERSION: Final = "0.0.0"
_GAP: Final = re.compile(r"\s+")


def lines_of(fact: Fact) -> Iterator[tuple[str, str]]:
    """Yield the files to which *fact* adds a line, by their paths within the folder, and the lines; of an action alone."""
    if not isinstance(fact, ActionRecorded):
        return
    day = fact.received_at.astimezone(UTC).date().isoformat()
    yield f"{day}.log", log_line(fact)
    yield f"json/{day}.jsonl", json_line(fact)


def log_line(fact: ActionRecorded) -> str:
    """Return the line of words: time, who, what, system, versions, milliseconds, exit code, country and region."""
    region = fact.place.region.rpartition("-")[2]
    words = (
        f"{fact.occurred_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        fact.subject,
        fact.name,
        fact.app.os or NO_SYSTEM,
        fact.app.version or NO_VERSION,
        fact.app.host_version or NO_VERSION,
        "" if fact.duration_ms is None else str(fact.duration_ms),
        "" if fact.exit_code is None else str(fact.exit_code),
        f"{fact.place.country}-{region}",
    )
    # A word of many would shift those behind it.
    return " ".join(_GAP.sub("_", word) for word in words)


def json_line(fact: ActionRecorded) -> str:
    """Return the line of JSON; POST /t takes it as an item of a batch."""
    document: dict[str, Any] = {
        "anon": fact.subject,
        "evt": fact.name,
        "t": round(fact.occurred_at.timestamp() * 1000),
        "os": fact.app.os or NO_SYSTEM,
        "ext": fact.app.version or NO_VERSION,
        "vscode": fact.app.host_version or NO_VERSION,
        "m": _m(fact),
        "country": fact.place.country,
        "region": fact.place.region.rpartition("-")[2],
    }
    return msgspec.json.encode(document).decode()


def _m(fact: ActionRecorded) -> dict[str, Any]:
    own = {"durationMs": fact.duration_ms, "exit": fact.exit_code, "sessionId": fact.session or None}
    return dict(fact.props) | {name: value for name, value in own.items() if value is not None}
