"""What Nodash's clients ask: the parameters of its two queries, and its refusal of each that cannot be read, to the letter."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from contracts.events import Scalar
from projections.query.product.actions import ActionOrder
from projections.query.product.people import PeopleOrder

MOST_PARAMETERS: Final = 40
LONGEST: Final = 2000
MOST_LISTED: Final = 1000
USUAL: Final = 100
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")
_EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)

EVENT_ORDERS: Final = {"timestamp": ActionOrder.TIME, "eventName": ActionOrder.NAME, "userId": ActionOrder.SUBJECT}
USER_ORDERS: Final = {
    "firstSeen": PeopleOrder.FIRST_SEEN,
    "lastSeen": PeopleOrder.LAST_SEEN,
    "eventCount": PeopleOrder.ACTIONS,
    "sessionCount": PeopleOrder.STAYS,
}


class Format(StrEnum):
    """In which form the answer is wanted; a table is drawn by whoever asked, out of JSON."""

    JSON = "json"
    TABLE = "table"
    CSV = "csv"


class Wrong(Exception):
    """A question that cannot be read: its ``error`` and ``message`` are Nodash's own."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(error)
        self.error = error
        self.message = message


class Asked(Struct, frozen=True, kw_only=True):
    """What both queries have in common; ``order`` is as it was called, "" where none was asked for."""

    site: str
    user: str
    types: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    properties: dict[str, Scalar]
    order: str
    is_descending: bool
    limit: int
    offset: int
    format: Format


def read_event_query(query: bytes) -> Asked:
    """Return what is asked about events, or raise Wrong."""
    return _asked(_parameters(query), "startDate", "endDate", EVENT_ORDERS)


def read_user_query(query: bytes) -> Asked:
    """Return what is asked about users, or raise Wrong."""
    return _asked(_parameters(query), "activeSince", "activeUntil", USER_ORDERS)


def _asked(given: Mapping[str, str], since: str, until: str, orders: Mapping[str, object]) -> Asked:
    first, last = _moment(since, given), _moment(until, given)
    if first is not None and last is not None and first > last:
        raise Wrong("Invalid date range", f"{since} must be before {until}")
    order = _one_of("sortBy", given, tuple(orders), f"sortBy must be one of: {', '.join(orders)}")
    direction = _one_of("sortOrder", given, ("asc", "desc"), 'sortOrder must be either "asc" or "desc"')
    types = (given.get("eventType") and [given["eventType"]]) or given.get("eventTypes", "").split(",")
    return Asked(
        site=given.get("site", ""),
        user=given.get("userId", ""),
        types=tuple(filter(None, map(str.strip, types))),
        since=first,
        until=last,
        properties=_properties(given.get("properties", "")),
        order=order,
        # The newest first, but for what somebody has put in order without saying which way.
        is_descending=direction == "desc" or not (order or direction),
        limit=_number("limit", given, 1, MOST_LISTED, f"limit must be a positive integer between 1 and {MOST_LISTED}") or USUAL,
        offset=_number("offset", given, 0, 10**9, "offset must be a non-negative integer") or 0,
        format=Format(_one_of("format", given, tuple(Format), "format must be one of: json, table, csv") or Format.JSON),
    )


def _parameters(query: bytes) -> dict[str, str]:
    """Return the parameters; those that nobody knows are left alone, as they were, and of a repeated one the last counts."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise Wrong("Invalid query", f"the query must be percent-encoded UTF-8 of at most {MOST_PARAMETERS} fields") from None
    for _, value in pairs:
        if _CONTROL.search(value) or len(value) > LONGEST:
            raise Wrong("Invalid query", f"a value must be at most {LONGEST} characters, none of which controls a terminal")
    return dict(pairs)


def _moment(name: str, given: Mapping[str, str]) -> datetime | None:
    text = given.get(name, "")
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Wrong(f"Invalid {name}", f"{name} must be a valid ISO 8601 date string") from None
    return max(at, _EARLIEST)


def _properties(text: str) -> dict[str, Scalar]:
    if not text:
        return {}
    try:
        said = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Wrong("Invalid properties", "properties must be valid JSON")
    leaves = dict(_leaves(said, ""))
    if any("\0" in path or (isinstance(value, str) and "\0" in value) for path, value in leaves.items()):
        raise Wrong("Invalid properties", "properties must not hold the character NUL")
    return leaves


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Scalar]]:
    """Yield what has to be equal, by the paths under which ingest has stored it; what is never stored equals nothing."""
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in inner:
            yield from _leaves(each, f"{path}.{name}" if path else str(name))
    elif value is None:
        raise Wrong(
            "Invalid properties", "properties must be text, numbers, booleans or objects of these; null is never stored"
        )
    else:
        yield path, value


def _one_of(name: str, given: Mapping[str, str], known: tuple[str, ...], message: str) -> str:
    value = given.get(name, "")
    if value and value not in known:
        raise Wrong(f"Invalid {name}", message)
    return value


def _number(name: str, given: Mapping[str, str], least: int, most: int, message: str) -> int | None:
    text = given.get(name, "")
    if not text:
        return None
    if _NUMBER.fullmatch(text) is None or not least <= int(text) <= most:
        raise Wrong(f"Invalid {name}", message)
    return int(text)
