"""The Change66 log server's dialect: one line or a batch of them, with its keys, its errors and its answers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import structs

from collector.answer import Answer
from collector.arrival import Arrival, Head
from collector.dialects.browser import read_browser
from collector.dialects.change66_lines import (
    KINDS,
    PRIORITIES,
    Line,
    faults_of,
    faults_of_nul,
    may_hold_nul,
    read_line,
    read_lines,
    too_large,
)
from collector.dialects.change66_words import (
    LARGEST_MB,
    Fault,
    KeyMissing,
    Worded,
    carried,
    foreign_origin,
    known,
    nowhere,
    refuse_batch,
    refuse_one,
    stored,
)
from collector.dialects.endpoint import Endpoint, ended_well
from collector.dialects.log_counts import LOG_BATCH_SIZE, LOG_FAULTS, LOGS_INGESTED
from collector.dialects.mounted import mounted, of_mount
from collector.dialects.retry_key import key_apart
from collector.hit import NOT_LOGGED, Hit, Person, Signal
from collector.kinds.logs import LogClaim
from collector.outcomes import (
    Dropped,
    DropReason,
    Outcome,
    Refused,
    Rejected,
    RejectReason,
    Stored,
    Unavailable,
)
from contracts.control.keys import Scope
from contracts.events.envelope import LAST_YEAR
from contracts.events.logs import Priority, number_of
from contracts.keys import key_in_authorization
from contracts.mounts import Mount

BATCH_LINES: Final = 1000
BODY_BYTES: Final = LARGEST_MB * 1024 * 1024
# An app speaks for whoever uses it, by the ids in its lines: neither address nor agent of a request tell people apart.
_NOBODY: Final = Person(ip="", user_agent=NOT_LOGGED, is_unnamed=True)


def shown_key(head: Head) -> str:
    """Return the key in Authorization, behind Bearer or bare, or else in X-API-Key; raise KeyMissing where there is none."""
    said = head.header(b"authorization")
    key = key_in_authorization(said) if said else head.header(b"x-api-key")
    if not said and not key:
        raise KeyMissing
    return key


def read_one(arrival: Arrival) -> list[Hit | Rejected]:
    """Return the one line of the body, or raise Worded with everything that is wrong with it."""
    line = read_line(arrival.body)
    if faults := _faults(line, is_nul_possible=may_hold_nul(arrival.body)):
        raise Worded(_reason_of(faults), "validation_error", "Invalid log data", faults)
    return [_hit(line, arrival, read_browser(arrival.head).signals)]


def read_batch(arrival: Arrival) -> Sequence[Hit]:
    """Return every line of the body, or raise Worded: one that is malformed keeps all of them from being stored."""
    lines = read_lines(arrival.body)
    if not lines:
        raise Worded(RejectReason.MISSING_FIELD, "empty_batch", "Batch cannot be empty")
    if len(lines) > BATCH_LINES:
        raise too_large()
    may_hold = may_hold_nul(arrival.body)
    faults = [
        (f"logs[{number}].{field}", detail)
        for number, line in enumerate(lines)
        for field, detail in _faults(line, is_nul_possible=may_hold)
    ]
    if faults:
        # The log server counts what is wrong, and calls it logs.
        message = f"Validation failed for {len(faults)} logs"
        raise Worded(_reason_of(faults), "validation_error", message, faults)
    signals = read_browser(arrival.head).signals
    return [_hit(line, arrival, signals) for line in lines]


def word_one(arrival: Arrival, outcomes: list[Outcome]) -> Answer:
    """Answer 201 with the line's id, and 409 where the stream has it already."""
    outcome, line = ended_well(outcomes[0]), read_line(arrival.body)
    if isinstance(outcome, Dropped):
        return _dropped(outcome, "Log ingested successfully", {"event_id": line.event_id, "id": 0})
    if outcome.duplicate:
        return known()
    _count([line], outcomes)
    LOG_BATCH_SIZE.observe(("single",), 1)
    return stored("Log ingested successfully", {"event_id": line.event_id, "id": number_of(outcome.id)})


def word_batch(arrival: Arrival, outcomes: list[Outcome]) -> Answer:
    """Answer 201 with how many lines there are now, and how many the stream had already.

    Where a part could not be stored the whole is an error: sent again, what is stored is known, and the rest is stored.
    """
    for failure in (Unavailable, Refused, Rejected):
        for outcome in outcomes:
            if isinstance(outcome, failure):
                raise outcome
    message = f"Batch of {len(outcomes)} logs ingested successfully"
    dropped = next((outcome for outcome in outcomes if isinstance(outcome, Dropped)), None)
    if dropped is not None:
        return _dropped(dropped, message, {"logs_processed": 0, "total_received": len(outcomes)})
    _count(read_lines(arrival.body), outcomes)
    LOG_BATCH_SIZE.observe(("batch",), len(outcomes))
    repeats = sum(isinstance(outcome, Stored) and outcome.duplicate for outcome in outcomes)
    data = {"logs_processed": len(outcomes) - repeats, "total_received": len(outcomes)}
    return stored(message, data | ({"already_known": repeats} if repeats else {}))


def _dropped(outcome: Dropped, message: str, data: dict[str, Any]) -> Answer:
    """Word what was not kept on purpose: success for what nobody wants kept, and an error where the sender is mistaken."""
    match outcome.reason:
        case DropReason.UNKNOWN_SITE | DropReason.SITE_CLOSED:
            answer = nowhere()
        case DropReason.FOREIGN_ORIGIN:
            answer = foreign_origin()
        case _:
            answer = stored(message, data)
    return structs.replace(answer, headers=(*answer.headers, (b"x-collector-dropped", outcome.reason.value.encode())))


def _faults(line: Line, *, is_nul_possible: bool) -> list[Fault]:
    faults = faults_of(line) + (faults_of_nul(line) if is_nul_possible else [])
    for field, _ in faults:
        LOG_FAULTS.add((field or "Text", "validation"))
    return faults


def _reason_of(faults: Sequence[Fault]) -> RejectReason:
    is_missing = any(detail == "This field is required" for _, detail in faults)
    return RejectReason.MISSING_FIELD if is_missing else RejectReason.OUT_OF_RANGE


def _hit(line: Line, arrival: Arrival, signals: frozenset[Signal]) -> Hit:
    event_id, user, session = line.event_id or "", line.user_id or "", line.session_id or ""
    properties = line.properties or {}
    tags = properties.get("tags")
    provider = tags.get("provider") if isinstance(tags, dict) else None
    return Hit(
        person=_NOBODY,
        sender=arrival.sender,
        site="",
        received_at=arrival.received_at,
        claim=LogClaim(
            key=event_id,
            kind=KINDS[line.event_type or ""],
            name=line.event_name or "",
            priority=PRIORITIES[line.priority] if line.priority else Priority.NORMAL,
            user=user,
            session=session,
            app_version=line.app_version or "",
            provider=provider if isinstance(provider, str) else "",
            sequence=line.sequence_number,
            device=line.device_info or {},
            props=properties,
        ),
        key=key_apart(event_id, (user, session)),
        occurred_at=_moment(line.timestamp),
        signals=signals,
    )


def _moment(said: datetime | None) -> datetime | None:
    """Return *said* in UTC, None for the year 1, which is Go's word for no time, and for what lies beyond all calendars."""
    if said is None:
        return None
    try:
        at = said.astimezone(UTC)
    except OverflowError:
        return None
    return at if 1 < at.year <= LAST_YEAR else None


def _count(lines: Sequence[Line], outcomes: Sequence[Outcome]) -> None:
    for line, outcome in zip(lines, outcomes, strict=True):
        if isinstance(outcome, Stored) and not outcome.duplicate:
            LOGS_INGESTED.add((line.event_type or "", line.priority or Priority.NORMAL.value))


_ONE: Final = Endpoint(
    template="/api/v1/ingest",
    dialect="change66",
    methods=("POST",),
    limit=BODY_BYTES,
    read=read_one,
    word=word_one,
    refuse=refuse_one,
    scope=Scope.INGEST,
    shown_key=shown_key,
    carried=carried,
)
_BATCH: Final = structs.replace(_ONE, template="/api/v1/batch-ingest", read=read_batch, word=word_batch, refuse=refuse_batch)
ENDPOINTS: Final = (*of_mount(Mount.CHANGE66, (_ONE, _BATCH)), *mounted(Mount.CHANGE66, (_ONE, _BATCH)))
