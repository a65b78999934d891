"""Where control events live in NATS: one stream, a subject for each id and version, and what the stream must be like."""

from typing import Any, Final

from msgspec import Struct

SUBJECT_ROOT: Final = "control"
MAX_EVENT_BYTES: Final = 256 * 1024
_MAX_BYTES: Final = 1024 * 1024 * 1024
_NANOSECONDS = 1_000_000_000


class ControlStream(Struct, frozen=True, kw_only=True):
    """A stream of decisions: its name, and the first token of its subjects; there is one, but where it is tried out."""

    name: str = "CONTROL"
    root: str = SUBJECT_ROOT


CONTROL_STREAM: Final = ControlStream()


def subject_of(thing_id: str, version: int | str, *, root: str = SUBJECT_ROOT) -> str:
    """Return ``control.<kind>.<key>.<version>``; dots in a name, which NATS reserves, become slashes."""
    return f"{root}.{thing_id.replace('.', '/').replace(':', '.')}.{version}"


def thing_of(subject: str) -> tuple[str, int]:
    """Return the id and the version that *subject* stands for."""
    tokens = subject.split(".")
    return ":".join(tokens[1:-1]).replace("/", "."), int(tokens[-1])


def control_settings(*, replicas: int, stream: ControlStream = CONTROL_STREAM) -> dict[str, Any]:
    """Return the JetStream settings that the promises rest on: nothing is ever given up, and a subject is written once."""
    return {
        "name": stream.name,
        "subjects": [f"{stream.root}.>"],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "max_bytes": _MAX_BYTES,
        "max_msgs": -1,
        "max_age": 0,
        "max_msgs_per_subject": -1,
        "max_msg_size": MAX_EVENT_BYTES,
        "num_replicas": replicas,
        "duplicate_window": 120 * _NANOSECONDS,
        "deny_purge": True,
        "deny_delete": True,
        "allow_direct": False,
        "allow_atomic": True,
        "persist_mode": "default",
    }
