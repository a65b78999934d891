"""Log lines as the Change66 log server takes them: how bytes are read into them, and everything that can be wrong with one."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from collector.decode import holds_nul, reaches_a_prototype, without_halves
from collector.dialects.change66_words import REQUIRED, Fault, Worded, invalid_json
from collector.outcomes import RejectReason
from contracts.events.logs import LARGEST_SEQUENCE, LogKind, Priority

MOST_KEYS: Final = 1000
KINDS: Final = {kind.value: kind for kind in LogKind if kind is not LogKind.OTHER}
PRIORITIES: Final = {priority.value: priority for priority in Priority if priority is not Priority.OTHER}
Shape = TypeVar("Shape")

_OPENS: Final = frozenset({dict, list})  # all that JSON has of the kind
# From the capital on, for most bytes are none: quicker by far than from the quote.
_SOME_CAPITAL: Final = re.compile(rb'[A-Z][A-Za-z_]*"\s*:')


class Line(Struct, frozen=True, kw_only=True):
    """One line as it is sent; a null is as good as nothing said."""

    event_id: str | None = None
    timestamp: Annotated[datetime, Meta(tz=True)] | None = None
    event_type: str | None = None
    event_name: str | None = None
    properties: dict[str, Any] | None = None
    user_id: str | None = None
    session_id: str | None = None
    app_version: str | None = None
    device_info: dict[str, Any] | None = None
    sequence_number: Annotated[int, Meta(ge=-LARGEST_SEQUENCE, le=LARGEST_SEQUENCE)] | None = None
    priority: str | None = None

    def __repr__(self) -> str:
        return "Line()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return []


class Lines(Struct, frozen=True, kw_only=True):
    """A batch of them."""

    logs: list[Line | None] | None = None

    def __repr__(self) -> str:
        return "Lines()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


_NOTHING_SAID: Final = Line()
_line: Final = msgspec.json.Decoder(Line)
_lines: Final = msgspec.json.Decoder(Lines)


def read_line(body: bytes) -> Line:
    """Return the line in *body*, whatever is missing from it, or raise Worded."""
    return _read(body, _line)


def read_lines(body: bytes) -> list[Line]:
    """Return the lines in *body*, whatever is missing from them, or raise Worded."""
    return [line or _NOTHING_SAID for line in _read(body, _lines).logs or ()]


def faults_of(line: Line) -> list[Fault]:
    """Return what is wrong with *line*, in the order in which the log server looks; nothing where it can be stored."""
    return [
        *_text("EventID", line.event_id, 255, is_required=True),
        *_one_of("EventType", line.event_type, KINDS, is_required=True),
        *_text("EventName", line.event_name, 100, is_required=True),
        *_object("Properties", line.properties),
        *_text("UserID", line.user_id, 255),
        *_text("SessionID", line.session_id, 255),
        *_text("AppVersion", line.app_version, 50),
        *_object("DeviceInfo", line.device_info),
        *_one_of("Priority", line.priority, PRIORITIES),
    ]


def may_hold_nul(body: bytes) -> bool:
    """Say whether a text in *body* may hold the character NUL, which JSON always escapes; most do not."""
    return b"\\u0000" in body


def faults_of_nul(line: Line) -> list[Fault]:
    """Return that a text of *line* holds NUL, which no database takes, where one does."""
    return [("", "A text holds the character NUL; remove it")] if holds_nul(line) else []


def _read(body: bytes, decoder: "msgspec.json.Decoder[Shape]") -> Shape:
    body = without_halves(body)
    try:
        if _SOME_CAPITAL.search(body) is None:
            return decoder.decode(body)
        # Go reads event_id, Event_ID and EVENT_ID alike; in properties a name is what it is.
        return msgspec.convert(_lowered(msgspec.json.decode(body), decoder.type is Lines), type=decoder.type)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError, ValueError):
        raise invalid_json() from None


def _lowered(said: Any, is_batch: bool) -> Any:  # noqa: FBT001  # private, and there are two shapes
    if not isinstance(said, dict):
        return said
    lowered = {name.lower(): value for name, value in sorted(said.items(), key=lambda item: item[0].islower())}
    if is_batch and isinstance(lowered.get("logs"), list):
        lowered["logs"] = [_lowered(line, False) for line in lowered["logs"]]
    return lowered


def _text(field: str, text: str | None, most: int, *, is_required: bool = False) -> list[Fault]:
    if not text:
        return [(field, REQUIRED)] if is_required else []
    return [] if len(text) <= most else [(field, f"Must be at most {most} characters")]


def _one_of(field: str, text: str | None, known: Mapping[str, Any], *, is_required: bool = False) -> list[Fault]:
    if not text:
        return [(field, REQUIRED)] if is_required else []
    return [] if text in known else [(field, f"Must be one of: {' '.join(known)}")]


def _object(field: str, said: Mapping[str, Any] | None) -> list[Fault]:
    if not said:
        return []
    if _has_too_many_keys(said):
        return [(field, f"Must have at most {MOST_KEYS} keys")]
    return [(field, "Must not have a key that reaches into an object's prototype")] if reaches_a_prototype(said) else []


def _has_too_many_keys(said: Any) -> bool:
    count, open_ = 0, [said]
    while open_ and count <= MOST_KEYS:
        inner = open_.pop()
        if isinstance(inner, dict):
            count += len(inner)
            inner = inner.values()
        open_ += [each for each in inner if type(each) in _OPENS]
    return count > MOST_KEYS


def too_large() -> Worded:
    """Return the refusal of a batch with more lines than one may have."""
    return Worded(RejectReason.TOO_MANY, "batch_too_large", "Batch size cannot exceed 1000 logs")
