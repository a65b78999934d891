"""One event of Minigem's telemetry as its clients send it, read once; what cannot be one is refused in words of ours."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from collector.decode import CONTROLS, LARGEST_INTEGER, holds_nul, reaches_a_prototype
from collector.outcomes import Rejected, RejectReason

LONGEST_ANON: Final = 256
LONGEST_EVT: Final = 120
LONGEST_WORD: Final = 30
# Below it a number counts seconds (until the year 5138), from it on milliseconds (since March 1973).
FIRST_MILLISECONDS: Final = 1e11
# The lists of the original, which COLLECTOR_MINIGEM_STRICT brings back.
STRICT_ANON: Final = re.compile(r"[a-f0-9]{32}")
STRICT_EVT: Final = frozenset(
    {"lifecycle.activate", "lifecycle.deactivate", "extension.upgraded", "install.created", "settings.changed"}
    | {"java.run.started", "java.run.completed", "java.run.error", "error.unhandled", "test.ping"}
    | {"feature.webview.open", "feature.theme.change", "feature.customCss.enable", "feature.customCss.disable"}
    | {"telemetry.optout", "telemetry.optin"}
)
_DIGEST: Final = re.compile(r"[0-9A-Fa-f]{4,128}")
_WHOLE: Final = re.compile(r"-?[0-9]{1,16}")
_EXIT_CODES: Final = range(-(2**31), 2**31)
# What the report is made of.
_KNOWN: Final = ("waitMsTotal", "cumulativeBytesBucket", "scannerUsage", "truncatedOutput", "phase", "exceptionHash")
_OWN_FIELDS: Final = frozenset({"durationMs", "exit", "sessionId"})


class Telemetry(Struct, frozen=True, kw_only=True):
    """What one item says; its ids are raw, so its repr says nothing. ``digest`` is the hash of an exception, "" for none."""

    anon: str
    evt: str
    at: datetime
    os: str
    ext: str
    vscode: str
    session: str
    duration_ms: int | None
    exit_code: int | None
    digest: str
    props: Mapping[str, Any]

    def __repr__(self) -> str:
        return "Telemetry()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


def read_item(item: Any) -> Telemetry:
    """Return what *item* says, or raise Rejected."""
    if not isinstance(item, Mapping):
        raise _refused(RejectReason.WRONG_TYPE, "must be an object")
    if reaches_a_prototype(item):
        raise _refused(RejectReason.OUT_OF_RANGE, "must not reach into a prototype")
    if holds_nul(item):
        raise _refused(RejectReason.CONTROL_CHARACTER, "must not hold the character NUL")
    m = item.get("m")
    told = m if isinstance(m, Mapping) else {}
    digest = _digest(told)
    return Telemetry(
        anon=_text(item, "anon", LONGEST_ANON),
        evt=_text(item, "evt", LONGEST_EVT),
        at=_moment(item.get("t")),
        os=_word(item, "os"),
        ext=_word(item, "ext"),
        vscode=_word(item, "vscode"),
        session=_session(item, told),
        duration_ms=_whole(told, "durationMs", range(LARGEST_INTEGER)),
        exit_code=_whole(told, "exit", _EXIT_CODES),
        digest=digest,
        props=_props(told, known=_KNOWN if not digest else _KNOWN[:-1]),
    )


def read_strict_item(item: Any) -> Telemetry:
    """Return what *item* says, or raise Rejected also where the original's own lists do not know it."""
    telemetry = read_item(item)
    if STRICT_ANON.fullmatch(telemetry.anon) is None:
        raise _refused(RejectReason.OUT_OF_RANGE, "must be 32 hexadecimal digits", "anon")
    if telemetry.evt not in STRICT_EVT:
        raise _refused(RejectReason.OUT_OF_RANGE, "must be one of the listed events", "evt")
    if isinstance(item["t"], str) and _number_in(item["t"]) is None:
        raise _refused(RejectReason.OUT_OF_RANGE, "must be a number", "t")
    return telemetry


def _text(item: Mapping[str, Any], field: str, longest: int) -> str:
    value = item.get(field)
    if value is None:
        raise _refused(RejectReason.MISSING_FIELD, "is missing", field)
    if not isinstance(value, str):
        raise _refused(RejectReason.WRONG_TYPE, "must be text", field)
    if not 0 < len(value) <= longest:
        raise _refused(RejectReason.TOO_LONG, f"must have 1 to {longest} characters", field)
    return _printable(value, field)


def _word(item: Mapping[str, Any], field: str) -> str:
    """Return a word that the original has a default for, "" where it would use that."""
    value = item.get(field)
    if not isinstance(value, str):
        return ""
    if len(value) > LONGEST_WORD:
        raise _refused(RejectReason.TOO_LONG, f"must have at most {LONGEST_WORD} characters", field)
    return _printable(value, field)


def _session(item: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    value = item.get("sessionId", told.get("sessionId"))
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return _printable(str(value)[:LONGEST_ANON], "sessionId")


def _printable(value: str, field: str) -> str:
    if CONTROLS.search(value):
        raise _refused(RejectReason.CONTROL_CHARACTER, "must not hold a control character such as NUL", field)
    return value


def _moment(value: Any) -> datetime:
    """Return when it happened: ISO 8601, or a number, also as text, of seconds below FIRST_MILLISECONDS, else milliseconds."""
    number = _number_in(value) if isinstance(value, str) else value
    try:
        if isinstance(number, int | float) and not isinstance(number, bool):
            return datetime.fromtimestamp(number if abs(number) < FIRST_MILLISECONDS else number / 1000, UTC)
        if isinstance(value, str):
            read = datetime.fromisoformat(value.strip())
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise _refused(RejectReason.OUT_OF_RANGE, "must be a number of milliseconds, or a time in ISO 8601", "t") from None
    raise _refused(RejectReason.MISSING_FIELD, "must be a number of milliseconds, or a time in ISO 8601", "t")


def _number_in(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    # Python alone reads these as numbers.
    return None if number != number or "_" in text else number  # noqa: PLR0124  # not a number


def _whole(told: Mapping[str, Any], field: str, within: range) -> int | None:
    """Return a whole number, also one written as text or with a fraction of nothing; None where none is told."""
    value = told.get(field)
    if value is None:
        return None
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value not in within:
        raise _refused(RejectReason.OUT_OF_RANGE, "must be a whole number", f"m.{field}")
    return value


def _digest(told: Mapping[str, Any]) -> str:
    digest = told.get("exceptionHash")
    return digest if isinstance(digest, str) and _DIGEST.fullmatch(digest) else ""


def _props(told: Mapping[str, Any], *, known: Sequence[str]) -> dict[str, Any]:
    """Return what has no field of its own; of very many properties the first are kept, so those of the report come first."""
    wait = _whole(told, "waitMsTotal", range(LARGEST_INTEGER))
    first = {name: told[name] for name in known if name in told} | ({} if wait is None else {"waitMsTotal": wait})
    others = {name: value for name, value in told.items() if name not in _KNOWN and name not in _OWN_FIELDS}
    return first | others


def _refused(reason: RejectReason, what: str, field: str = "") -> Rejected:
    return Rejected(reason, f"The {field or 'event'} {what}.", field=field)
