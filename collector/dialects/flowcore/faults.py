"""What is wrong with a body, in the words of the libraries that the Flowcore collector's generations asked; never a value."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from collector.outcomes import Rejected, RejectReason

UNPROCESSABLE: Final = 422
NO_OBJECT: Final = "Expected object, received string"
TOO_SHORT: Final = "Expected string length greater or equal to 1"
MISSING: Final = "Expected required property"
_STRING, _OBJECT = "string", "object"
_FIELDS: Final = {
    "domain": _STRING,
    "pathname": _STRING,
    "referrer": _STRING,
    "eventName": _STRING,
    "customProperties": _OBJECT,
}
_NAMES: Final = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: _STRING,
    list: "array",
    dict: _OBJECT,
    type(None): "null",
}


class Fault(Struct, frozen=True, kw_only=True):
    """The first thing that the first generation's schema found: ``field`` is "" for the body as a whole."""

    field: str
    message: str


def reworded(refusal: Rejected, body: bytes) -> Rejected:
    """Return *refusal* of *body* with a phrase for each field, as the later generations had it, or in our own words."""
    if refusal.reason is RejectReason.MEDIA_TYPE:
        phrases = [NO_OBJECT]
    elif refusal.reason in (RejectReason.WRONG_TYPE, RejectReason.MISSING_FIELD):
        phrases = _phrases_of(body)
    else:
        phrases = []
    told = ", ".join(phrases) or refusal.detail
    status = 400 if phrases else refusal.status
    return Rejected(refusal.reason, f"Validation error: {told}", field=refusal.field, status=status)


def first_in(body: bytes) -> Fault | None:
    """Return what the first generation's schema would have found first in *body*, None for no JSON and for nothing."""
    try:
        plain = _plain(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if not isinstance(plain, dict):
        return Fault(field="", message="Expected object")
    if "url" not in plain:
        if "pathname" not in plain:
            return Fault(field="pathname", message=MISSING)
        if plain["pathname"] == "":
            return Fault(field="pathname", message=TOO_SHORT)
    wrong = (name for name, type_ in _FIELDS.items() if name in plain and _NAMES[type(plain[name])] != type_)
    field = next(wrong, None)
    return None if field is None else Fault(field=field, message=f"Expected {_FIELDS[field]}")


def report(field: str, message: str) -> bytes:
    """Return the first generation's report; ``found`` is empty, for nothing that was sent is sent back."""
    path = f"/{field}" if field else ""
    summary = _summary(field, message)
    document = {
        "type": "validation",
        "on": "body",
        "summary": summary,
        "property": path or "root",
        "message": message,
        "expected": {"pathname": " "},
        "found": {},
        "errors": [{"path": path, "message": message, "summary": summary}],
    }
    return msgspec.json.encode(document)


def _summary(field: str, message: str) -> str:
    if message == MISSING:
        return f"Property '{field}' is missing"
    return f"Expected property '{field}' to be string" if message == "Expected string" else message


def _plain(body: bytes) -> Any:
    return msgspec.json.decode(body)


def _phrases_of(body: bytes) -> list[str]:
    try:
        return _phrases(_plain(body))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return []  # a number that is none here, and was left unread where it stands in the one shape


def _phrases(plain: Any) -> list[str]:
    if not isinstance(plain, dict):
        return [f"Expected object, received {_NAMES[type(plain)]}"]
    found = {
        name: f"Expected {type_}, received {_NAMES[type(plain[name])]}"
        for name, type_ in _FIELDS.items()
        if name in plain and _NAMES[type(plain[name])] != type_
    }
    missing = {name: "Required" for name in ("pathname", "referrer") if name not in plain and "url" not in plain}
    # A referrer alone may be missing, as in the first generation.
    if not found and "pathname" not in missing:
        return []
    both = found | missing
    return [both[name] for name in _FIELDS if name in both]
