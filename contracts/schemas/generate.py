"""Builds the schemas and the AsyncAPI document as text; writing and comparing them is for others."""

import hashlib
import inspect
import json
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from contracts import tallies
from contracts.codec import type_of
from contracts.control import CONTROL_EVENTS
from contracts.control import stream as control
from contracts.events import CATALOGUE, Code
from contracts.streams import SUBJECT_ROOT

FROZEN = "FROZEN.sha256"
ASYNCAPI = "asyncapi.yaml"
ADDRESS = f"{SUBJECT_ROOT}.{{family}}.{{bucket}}.{{tenant}}.{{site}}.{{type}}"
# What a member of a closed list may look like: a new one is no new version (contracts/events/envelope.py, Code).
CODE_PATTERN = "^[A-Za-z][A-Za-z _]{0,39}$"


def documents() -> dict[str, str]:
    """Return file name -> text of everything that is generated."""
    published = (*CATALOGUE, *tallies.DOCUMENTS, *CONTROL_EVENTS)
    schemas = {f"{type_of(document)}.json": _json(_schema(document)) for document in published}
    return schemas | {ASYNCAPI: _yaml(_asyncapi())}


def fingerprint(text: str) -> str:
    """Return the SHA-256 of what the schema *text* means, as hex: neither the order of its keys nor its words count."""
    meaning = json.dumps(_meaning(json.loads(text)), sort_keys=True)
    return hashlib.sha256(meaning.encode()).hexdigest()


def read_frozen(file: Path) -> dict[str, str]:
    """Return schema name -> fingerprint of every version that was ever published."""
    if not file.exists():
        return {}
    pairs = (line.split() for line in file.read_text(encoding="utf-8").splitlines())
    return {name: digest for digest, name in pairs}


def _schema(event: type[Struct]) -> dict[str, Any]:
    schema = msgspec.json.schema(event)
    for code in Code.__subclasses__():
        if code.__name__ in schema["$defs"]:
            schema["$defs"][code.__name__] = _code(code)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": type_of(event)} | schema


def _code(code: type[Code]) -> dict[str, Any]:
    return {
        "title": code.__name__,
        "description": f"{inspect.getdoc(code)} Read an unknown one as {code.__members__['OTHER'].value}.",
        "type": "string",
        "pattern": CODE_PATTERN,
        "examples": [member.value for member in code],
    }


def _meaning(schema: Any) -> Any:
    """Return *schema* without what only people read, and with its sets in order; a property may be called title."""
    if isinstance(schema, list):
        return [_meaning(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in _WORDS or isinstance(value, dict)}
    return {key: sorted(value) if key in _SETS else _meaning(value) for key, value in kept.items()}


_WORDS = frozenset({"title", "description", "examples"})
_SETS = frozenset({"required", "enum"})


def _asyncapi() -> dict[str, Any]:
    names = [type_of(event) for event in CATALOGUE]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Collector's event stream",
            "version": "1",
            "description": "One JetStream stream per family and partition: every anonymous fact, in order, for ever readable.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": ADDRESS,
                "description": "Dots in tenant, site and type are written as slashes.",
                "parameters": {
                    "family": {"description": "What the fact is about, such as web; each family has streams of its own."},
                    "bucket": {"description": "0 to 63, by site; a partition of the stream holds whole buckets."},
                    "tenant": {"description": "Who owns the site."},
                    "site": {"description": "The site's canonical name."},
                    "type": {"description": "The event's type and version."},
                },
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
            },
            "tallies": _tallies(),
            "control": _control(),
        },
        "operations": {
            "readEvents": {"action": "receive", "channel": {"$ref": "#/channels/events"}},
            "readTallies": {"action": "receive", "channel": {"$ref": "#/channels/tallies"}},
            "readControl": {"action": "receive", "channel": {"$ref": "#/channels/control"}},
        },
        "components": {
            "messages": {type_of(event): _message(event, headers=_HEADERS) for event in CATALOGUE}
            | {type_of(document): _message(document) for document in (*tallies.DOCUMENTS, *CONTROL_EVENTS)}
        },
    }


def _tallies() -> dict[str, Any]:
    names = [type_of(document) for document in tallies.DOCUMENTS]
    return {
        "address": f"{tallies.SUBJECT_ROOT}.{{run}}.{{rest}}",
        "description": "How many hits ended in which way; of each address the last message counts.",
        "parameters": {
            "run": {"description": "The ingest process that counted, by an id of its own."},
            "rest": {
                "description": "The hour and the part, in two tokens, head, or signs and the hour of the day and the part."
            },
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _control() -> dict[str, Any]:
    names = [type_of(event) for event in CONTROL_EVENTS]
    return {
        "address": f"{control.SUBJECT_ROOT}.{{kind}}.{{key}}.{{version}}",
        "description": (
            f"The stream {control.CONTROL_STREAM.name}: every decision about tenants, sites, keys and people. "
            "Of two messages at one address the first counts; what cannot be read counts for nothing."
        ),
        "parameters": {
            "kind": {"description": "The kind of thing that is decided about, such as site."},
            "key": {"description": "Which one, in one token or two (tenant and site); dots are written as slashes."},
            "version": {"description": "The how-manieth event of it, from 1."},
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _message(document: type[Struct], **more: dict[str, Any]) -> dict[str, Any]:
    names = {"name": type_of(document), "summary": inspect.getdoc(document) or ""}
    return names | more | {"payload": {"$ref": f"./{type_of(document)}.json"}}


_HEADERS = {
    "type": "object",
    "properties": {"Nats-Msg-Id": {"type": "string", "description": "A hash of tenant, site and event id."}},
}


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _yaml(value: dict[str, Any], indent: int = 0) -> str:
    """Return *value*, which holds only objects and text, as block YAML; a double-quoted scalar is a JSON string."""
    lines = []
    for key, inner in value.items():
        name = key if key.isidentifier() else json.dumps(key)
        if isinstance(inner, dict):
            lines.append(f"{' ' * indent}{name}:\n{_yaml(inner, indent + 2)}")
        else:
            lines.append(f"{' ' * indent}{name}: {json.dumps(inner, ensure_ascii=False)}\n")
    return "".join(lines)
