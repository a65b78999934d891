"""Bytes -> plain fields: JSON and query strings, read once into a typed shape, with every refusal in words of our own."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec

from collector.arrival import Arrival
from collector.outcomes import Rejected, RejectReason
from contracts.events import Money, Scalar

Shape = TypeVar("Shape")

# As types, and as sendBeacon and fetch write them out.
JSON_MEDIA: Final = frozenset({b"", b"application/json", b"text/plain", b"application/csp-report", b"text/plain;charset=UTF-8"})
# NUL and the other C0 controls but tab, line feed and carriage return: Postgres refuses the first, terminals obey the rest.
CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
LARGEST_INTEGER: Final = 2**53 - 1  # what every JSON reader agrees on (RFC 8259, 6)
LARGEST_AMOUNT: Final = 10**12
DECIMALS: Final = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,6})?")
CURRENCY: Final = re.compile(r"[A-Za-z]{3}")
PATH_TO_FIELD: Final = re.compile(r"\$(?:\[(\d+)\])?\.?([A-Za-z_]+)?")
# A pair of surrogates, half of one, and any other escape, so that what follows a backslash is never taken for the beginning.
_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\.", re.DOTALL
)
_HALF: Final = len(rb"\ud800")
QUERY_FIELDS: Final = 64
DEEPEST_PROPERTY: Final = 5


def read_json(arrival: Arrival, decoder: "msgspec.json.Decoder[Shape]") -> Shape:
    """Return the body in *decoder*'s shape, or raise Rejected."""
    return parse_json(json_body(arrival), decoder)


def json_body(arrival: Arrival) -> bytes:
    """Return the body where it is called JSON, or a text, which needs no preflight; else raise Rejected."""
    media = arrival.head.headers.get(b"content-type", b"")
    if media not in JSON_MEDIA and media.partition(b";")[0].strip().lower() not in JSON_MEDIA:
        detail = "The Content-Type is not one we read; send JSON as application/json or text/plain."
        raise Rejected(RejectReason.MEDIA_TYPE, detail, status=415)
    return arrival.body


def parse_json(body: bytes, decoder: "msgspec.json.Decoder[Shape]") -> Shape:
    """Return *body* in *decoder*'s shape, or raise Rejected."""
    try:
        shape = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _wrong_type(error) from None
    except RecursionError:
        raise Rejected(RejectReason.TOO_DEEP, "The JSON is nested too deeply; an event has at most two levels.") from None
    except (msgspec.DecodeError, UnicodeError):
        raise _not_json(body) from None
    if b"\x7f" in body or (b"\\" in body and (b"\\u00" in body or b"\\b" in body or b"\\f" in body)):
        # The items of a batch, still raw, come here one by one.
        refuse_controls(msgspec.to_builtins(shape, builtin_types=(msgspec.Raw,)))
    return shape


def without_halves(body: bytes) -> bytes:
    """Return *body* with U+FFFD for each half of a pair of surrogates: a text that was cut within an emoji ends in one.

    The readers of JavaScript and Go take it so, and what they send goes on through those.
    """
    if b"\\ud" not in body and b"\\uD" not in body:
        return body
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if len(escape[0]) == _HALF else escape[0], body)


def read_query(query: bytes) -> dict[str, str]:
    """Return the fields of a query string; the last of a repeated name wins, as in JSON."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=QUERY_FIELDS, errors="strict")
    except UnicodeDecodeError:
        raise Rejected(RejectReason.NOT_UTF8, "The query is not percent-encoded UTF-8; encode it again.") from None
    except ValueError:
        raise Rejected(RejectReason.TOO_MANY, f"The query has over {QUERY_FIELDS} fields; send fewer.") from None
    fields = dict(pairs)
    refuse_controls(fields)
    return fields


def refuse_controls(value: Any) -> None:
    """Raise Rejected when a string in *value*, a key included, holds a control character."""
    if isinstance(value, str):
        if CONTROLS.search(value):
            raise Rejected(RejectReason.CONTROL_CHARACTER, "A text holds a control character such as NUL; remove it.")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            refuse_controls(key)
            refuse_controls(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            refuse_controls(inner)


def reaches_a_prototype(said: Any) -> bool:
    """Say whether *said* would change the prototype of a JavaScript object that it was copied into."""
    open_ = [said]
    while open_:
        inner = open_.pop()
        if isinstance(inner, dict):
            maker = inner.get("constructor")
            if "__proto__" in inner or (isinstance(maker, dict) and "prototype" in maker):
                return True
            open_ += inner.values()
        elif isinstance(inner, list):
            open_ += inner
    return False


def may_reach_a_prototype(body: bytes) -> bool:
    """Say whether what *body* holds is worth looking through for that; most is not."""
    return b"__proto__" in body or b"prototype" in body or b"\\u" in body


def holds_nul(said: Any) -> bool:
    """Say whether a text or a name in *said* holds NUL, which no database takes."""
    return b"\\u0000" in msgspec.json.encode(said).replace(b"\\\\", b"")


def scalars(props: Mapping[str, Any], field: str) -> dict[str, Scalar]:
    """Return the properties that are text, numbers or booleans, those within objects by their path, such as ``cart.total``.

    Lists and nulls are left out, as Plausible does, and so is what lies in over four objects.
    """
    kept: dict[str, Scalar] = {}
    for key, value in _by_path(props):
        if isinstance(value, bool | str | float):
            kept.setdefault(key, value)
        elif isinstance(value, int):
            if abs(value) > LARGEST_INTEGER:
                detail = "A property is a whole number beyond 2^53, which JSON readers disagree on; send it as text."
                raise Rejected(RejectReason.OUT_OF_RANGE, detail, field=field)
            kept.setdefault(key, value)
    return kept


def left_out(props: Mapping[str, Any]) -> list[str]:
    """Return the paths of what ``scalars`` leaves out of *props*."""
    return sorted({path for path, value in _by_path(props) if value is None or isinstance(value, list | dict)})


def _by_path(props: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    for key, value in props.items():
        if isinstance(value, dict) and value and depth < DEEPEST_PROPERTY:
            yield from _by_path(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value


def money(amount: str | float, currency: str, field: str) -> Money:
    """Return an exact amount, or raise Rejected."""
    # Compared as the number that it is: JSON's whole numbers have no end, and the longest fit neither a float nor a text.
    is_vast = not isinstance(amount, str) and abs(amount) > LARGEST_AMOUNT
    text = amount if isinstance(amount, str) else "" if is_vast else format(amount, "f").rstrip("0").rstrip(".")
    if not DECIMALS.fullmatch(text) or abs(float(text)) > LARGEST_AMOUNT:
        detail = 'The revenue\'s amount must be a decimal number such as "9.90", at most 10^12, with at most six decimals.'
        raise Rejected(RejectReason.OUT_OF_RANGE, detail, field=field)
    if not CURRENCY.fullmatch(currency):
        detail = "The revenue's currency must be three letters such as EUR (ISO 4217)."
        raise Rejected(RejectReason.OUT_OF_RANGE, detail, field=field)
    return Money(amount=text, currency=currency.upper())


def moment(text: str, field: str) -> datetime:
    """Return the instant that *text* names in RFC 3339, in UTC, or raise Rejected."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        detail = "The time must be in RFC 3339, such as 2026-11-22T10:00:00Z."
        raise Rejected(RejectReason.OUT_OF_RANGE, detail, field=field) from None


def corrected(occurred: datetime, sent: datetime | None, received: datetime) -> datetime:
    """Return *occurred* on our clock: what the client's clock was off by when it sent is taken away again."""
    skew = received - sent if sent is not None else timedelta()
    try:
        return occurred + skew
    except OverflowError:
        return received


def _wrong_type(error: msgspec.ValidationError) -> Rejected:
    """Say which field is wrong and what it must be; msgspec's own text can quote what was sent."""
    text = str(error)
    where = PATH_TO_FIELD.search(text)
    index, name = where.groups() if where else (None, None)
    place = f"field {name}" if name else "body"
    if index is not None:
        place = f"{place} of event {index}"
    if "missing required field" in text:
        missing = re.search(r"missing required field `([A-Za-z_]+)`", text)
        name = missing.group(1) if missing else ""
        return Rejected(RejectReason.MISSING_FIELD, f"The field {name} is missing; add it.", field=name)
    expected = re.match(r"Expected `([a-z |\[\],]+)`", text)
    what = f"must be {expected.group(1)}" if expected else "is out of range"
    return Rejected(RejectReason.WRONG_TYPE, f"The {place} {what}.", field=name or "")


def _not_json(body: bytes) -> Rejected:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return Rejected(RejectReason.NOT_UTF8, "The body is not UTF-8; JSON must be (RFC 8259, 8.1).")
    hint = " A comma before a closing brace is the usual cause." if re.search(rb",\s*[}\]]", body[:4096]) else ""
    return Rejected(RejectReason.NOT_JSON, f"The body is not valid JSON.{hint}")
