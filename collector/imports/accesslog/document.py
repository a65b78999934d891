"""A line of JSON in a web server's log -> the request it tells of: Caddy's, Traefik's, nginx's own, and text in a wrapping."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from collector.imports.accesslog.fields import request_in
from collector.imports.accesslog.parse import read_text
from collector.imports.accesslog.request import Request
from collector.imports.accesslog.skip import Skipped, SkipReason

# Where Docker, the journal and shippers of logs put the line that a server wrote.
_WRAPPED_IN: Final = ("log", "MESSAGE", "message", "msg", "line")
_DEEPEST: Final = 4
_IN_FRONT: Final = re.compile(r"\d{4}[/-]\d\d[/-]\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_decode = msgspec.json.Decoder().decode


def read_document(text: str, *, depth: int = 0) -> Request:
    """Return the request in the JSON object with which *text* ends, or raise Skipped."""
    begin = text.find("{")
    if begin < 0 or not text.endswith("}"):
        raise Skipped(SkipReason.MALFORMED)
    try:
        document = _decode(text[begin:])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Skipped(SkipReason.MALFORMED) from None
    if not isinstance(document, dict):
        raise Skipped(SkipReason.MALFORMED)
    if depth == 0 and (inner := next((said for name in _WRAPPED_IN if _is_line(said := document.get(name))), None)):
        return _read_inner(inner.strip())
    fields = dict(_fields(document))
    # Caddy's format for people has the time in front.
    if begin and (moment := _IN_FRONT.search(text, 0, begin)) is not None:
        fields.setdefault("ts", moment[0])
    return request_in(fields)


def _is_line(said: object) -> bool:
    return isinstance(said, str) and ("[" in said or "{" in said)


def _read_inner(text: str) -> Request:
    return read_document(text, depth=1) if text.endswith("}") else read_text(text)


def _fields(document: dict[str, Any], above: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield each value of *document* as text, by its name and those above it; of a list, all of it."""
    for key, value in document.items():
        name = above + key.lower().replace("-", "_")
        match value:
            case str():
                yield name, value.strip()
            case int() | float():
                yield name, str(value)
            case list():
                yield name, ", ".join(map(str, value))
            case dict() if depth < _DEEPEST:
                yield from _fields(value, f"{name}.", depth + 1)
            case _:
                pass
