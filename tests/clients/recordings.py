"""What clients have sent, as files that a test replays: without keys, agents and addresses, and with its moment."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import yaml
from msgspec import Struct

from tests.clients.listening import Exchange

FOLDER = Path(__file__).parents[1] / "recorded" / "clients"
KEY = "<key>"
# Examples have what is longer.
LONGEST_BODY = 10_000
# A moment that is further from the recording is one that a client always says.
NEAR = timedelta(days=2)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_MILLISECONDS = re.compile(r"(?<![\w.])\d{13}(?!\d)")
# What differs at each answer: ids and pseudonyms, moments, and how long something took.
_WORDS: Mapping[str, str] = {
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}": "<uuid>",
    r"\b[0-9a-f]{32}\b": "<pseudonym>",
    _ISO.pattern.replace("Z", r"(?:Z|[+-]\d\d:\d\d)"): "<time>",
    r'"(ts|id|uptime|executionTime|secondsUntilRotation)": ?("?)[\w.]+"?': r'"\1":\2<number>\2',
}
# What these say differs by what an installation is made of.
_OF_THE_OPERATOR = ("/health", "/readiness", "/liveness", "/metrics")
# Whoever a client's documents or scripts name is made up here.
_MADE_UP: Mapping[str, str] = {r"[\w.]+@example\.com": "user@people.example", r"user_id=\w{28}\b": "user_id=somebody"}
_PORT = re.compile(r"^(http://[a-z.]+):\d+")


class Recording(Struct, frozen=True, kw_only=True):
    """What one system's clients sent, when, and how many facts of each type that makes."""

    at: datetime
    facts: dict[str, int]
    exchanges: list[Exchange]


def write(name: str, heard: Iterable[Exchange], *, key: str, facts: Mapping[str, int], at: datetime) -> Path:
    """Record what was *heard* of the clients of system *name*, and return the file."""
    kept = [_without_key(each, key) for each in heard if len(each.body) <= LONGEST_BODY]
    made = msgspec.to_builtins(Recording(at=at, facts=dict(facts), exchanges=kept), str_keys=True)
    file = FOLDER / f"{name}.yml"
    head = f"# What the clients of {name} sent, recorded by `make clients`; tests/recorded/test_clients.py replays it.\n"
    file.write_text(head + yaml.dump(made, Dumper=_Blocks, sort_keys=False, allow_unicode=True, width=10_000), encoding="utf-8")
    return file


def read(name: str) -> Recording:
    """Return what was recorded of system *name*."""
    return msgspec.convert(yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8")), Recording, strict=False)


def as_if_now(text: str, recorded_at: datetime, now: datetime) -> str:
    """Return *text* with each moment that is near to *recorded_at* as far from *now*."""
    later = now - recorded_at

    def in_iso(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(found[0])
        if abs(at - recorded_at) > NEAR:
            return found[0]
        timespec = "milliseconds" if "." in found[0] else "seconds"
        return (at + later).astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")

    def in_milliseconds(found: re.Match[str]) -> str:
        at = datetime.fromtimestamp(int(found[0]) / 1000, UTC)
        return found[0] if abs(at - recorded_at) > NEAR else str(int(found[0]) + round(later.total_seconds() * 1000))

    return _MILLISECONDS.sub(in_milliseconds, _ISO.sub(in_iso, text))


def worded(answer: str) -> str:
    """Return *answer* without what differs each time; of what is no JSON nothing is compared."""
    if not answer.startswith(("{", "[")):
        return ""
    for pattern, words in _WORDS.items():
        answer = re.sub(pattern, words, answer)
    return answer


def made_up(text: str) -> str:
    """Return *text* with somebody made up in the place of whoever it names."""
    for pattern, words in _MADE_UP.items():
        text = re.sub(pattern, words, text)
    return text


def _without_key(each: Exchange, key: str) -> Exchange:
    headers = {name: _PORT.sub(r"\1", value.replace(key, KEY)) for name, value in each.headers.items()}
    body, target = (made_up(text) for text in (each.body, each.target))
    answer = "" if each.target.endswith(_OF_THE_OPERATOR) else worded(each.answer)
    return msgspec.structs.replace(each, target=target, headers=headers, body=body, answer=answer)


class _Blocks(yaml.SafeDumper):
    """Writes texts of several lines as they are."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text and not re.search(r"[ \t]\n", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Blocks.add_representer(str, _text)
