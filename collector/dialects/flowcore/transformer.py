"""The transformer: events that another collector, or Flowcore itself, forwards; each is stored once, by its event's id."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from msgspec import UNSET, Struct, UnsetType, field, structs

from collector.answer import Answer
from collector.arrival import Arrival, Head
from collector.decode import moment, read_json, scalars
from collector.dialects.endpoint import Endpoint, Item, ended_well
from collector.dialects.flowcore.words import DIALECT, TEXT, error, said
from collector.dialects.native import EVENT_BYTES
from collector.dialects.retry_key import checked_key
from collector.hit import NOT_LOGGED, Hit, Person
from collector.kinds.tracked import TrackedEvent, TrackedPageview
from collector.outcomes import Dropped, Failure, Outcome, Refused, RefuseReason, Rejected, RejectReason
from collector.privacy.url import url_of_path
from contracts import flowcore
from contracts.control.keys import Scope
from contracts.events.envelope import FIRST_YEAR, LAST_YEAR
from contracts.mounts import Mount

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CAMPAIGN: Final = re.compile(r"utm_[a-z]{1,16}")
_FAILED: Final = 500


class Forwarded(Struct, frozen=True, kw_only=True):
    """The envelope as it is sent, its payload still unread; an older Flowcore called the flow type aggregator."""

    event_id: str = field(name="eventId")
    flow_type: str | UnsetType = field(default=UNSET, name="flowType")
    aggregator: str | UnsetType = UNSET
    event_type: str = field(name="eventType")
    valid_time: str | UnsetType = field(default=UNSET, name="validTime")
    payload: msgspec.Raw


_forwarded = msgspec.json.Decoder(Forwarded)
_tracked = msgspec.json.Decoder(flowcore.Tracked)


def secret_in_head(head: Head) -> str:
    """Return the key in X-Secret, "" where there is none: a transformer asks for one always."""
    return head.header(b"x-secret")


def read(arrival: Arrival) -> list[Item]:
    """Return the event that was forwarded."""
    if not arrival.sender.is_server:
        raise Refused(RefuseReason.FORBIDDEN)  # a key that stands in pages may name nobody
    forwarded = read_json(arrival, _forwarded)
    pathway = _pathway(forwarded)
    if pathway != f"{flowcore.FLOW_TYPE}/{flowcore.EVENT_TYPE}":
        raise Rejected(RejectReason.SHAPE, f"Pathway {pathway} not found", status=_FAILED)
    return [_hit(_payload(forwarded, pathway), forwarded, arrival)]


def word(arrival: Arrival, outcomes: list[Outcome]) -> Answer:  # noqa: ARG001  # every dialect words from the same two
    """Answer ``OK`` for what is stored, and for what was stored before."""
    outcome = ended_well(outcomes[0])
    dropped = ((b"x-collector-dropped", outcome.reason.value.encode()),) if isinstance(outcome, Dropped) else ()
    return Answer(status=200, headers=(*TEXT, *dropped), body=b"OK")


def refuse(failure: Failure) -> Answer:
    """Word *failure* as a transformer does, with 500, but for what coming back later mends.

    A header tells a sender that knows it which 500 no coming back would mend.
    """
    if isinstance(failure, Refused) and failure.reason is not RefuseReason.RATE_LIMITED:
        return said(_FAILED, "Invalid secret key")
    if isinstance(failure, Rejected):
        return said(_FAILED, failure.detail, ((b"x-collector-rejected", failure.reason.value.encode()),))
    return error(failure)


def _pathway(forwarded: Forwarded) -> str:
    flow_type = forwarded.aggregator if forwarded.flow_type is UNSET else forwarded.flow_type
    names = (flow_type if isinstance(flow_type, str) else "", forwarded.event_type)
    # Said back to whoever sent it, so nothing but what can be a name.
    return "/".join(name if _NAME.fullmatch(name) else "?" for name in names)


def _payload(forwarded: Forwarded, pathway: str) -> flowcore.Tracked:
    """Return the payload, or raise Rejected in the words of its schema, which name a field."""
    try:
        payload = _tracked.decode(forwarded.payload)
    except msgspec.ValidationError as fault:
        raise _failed(pathway, *_fault_in(str(fault))) from None
    if flowcore.HASH.fullmatch(payload.visitor_hash) is None:
        raise _failed(pathway, "visitorHash", "Visitor hash must be 64 characters")
    return payload


def _fault_in(text: str) -> tuple[str, str]:
    if missing := re.search(r"required field `(\w+)`", text):
        return missing[1], "Required"
    at = re.search(r"\$\.([A-Za-z.]+)", text)
    return (at[1] if at else "payload"), "Invalid"


def _failed(pathway: str, name: str, what: str) -> Rejected:
    detail = f"Failed to process event in pathway {pathway}: Event validation failed: {name}: {what}"
    return Rejected(RejectReason.WRONG_TYPE, detail, field=name, status=_FAILED)


def _hit(payload: flowcore.Tracked, forwarded: Forwarded, arrival: Arrival) -> Hit:
    context = payload.session_context
    return Hit(
        # Whose agent and address it was, nobody knows any more.
        person=Person(ip="", user_agent=NOT_LOGGED, is_automated=context.bot is not UNSET, is_unnamed=True),
        sender=arrival.sender,
        site=payload.domain if isinstance(payload.domain, str) else "",
        received_at=arrival.received_at,
        claim=_claim(payload),
        key=checked_key(forwarded.event_id),
        occurred_at=_moment(forwarded.valid_time) if isinstance(forwarded.valid_time, str) else None,
        batch=flowcore.BATCH,
    )


def _moment(said: str) -> datetime:
    at = moment(said, "validTime")
    if FIRST_YEAR <= at.year <= LAST_YEAR:
        return at
    detail = f"The time must lie between the years {FIRST_YEAR} and {LAST_YEAR}."
    raise Rejected(RejectReason.OUT_OF_RANGE, detail, field="validTime", status=_FAILED)


def _claim(payload: flowcore.Tracked) -> TrackedPageview | TrackedEvent:
    context = payload.session_context
    seen = TrackedPageview(
        url=_url(payload),
        referrer=payload.referrer,
        visitor=flowcore.visitor_in(payload.visitor_hash),
        salt_day=_day(context.daily_salt_rotation),
    )
    if not isinstance(context.event_name, str) or not context.event_name:
        return seen
    props = {} if context.custom_properties is UNSET else context.custom_properties
    return TrackedEvent(
        **structs.asdict(seen),
        name=context.event_name,
        props=scalars(props, "customProperties"),
        interactive=context.interactive is not False,
    )


def _url(payload: flowcore.Tracked) -> str:
    context = payload.session_context
    campaign = {} if context.campaign is UNSET else _tags(context.campaign)
    query = f"?{urlencode(campaign)}" if campaign else ""
    host = quote(context.hostname, safe=".:[]-") if isinstance(context.hostname, str) else ""
    path, mark, route = payload.pathname.partition("#")  # a route of a single-page app stands behind the query
    address = f"{path}{query}{mark}{route}"
    return f"https://{host}{address}" if host and path.startswith("/") else url_of_path(address)


def _tags(campaign: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in campaign.items() if _CAMPAIGN.fullmatch(name) and isinstance(value, str)}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        detail = "The day of the salt must be a date, such as 2026-11-22."
        raise Rejected(RejectReason.OUT_OF_RANGE, detail, field="dailySaltRotation", status=_FAILED) from None


TRANSFORMER: Final = Endpoint(
    template=flowcore.TRANSFORMER,
    dialect=DIALECT,
    methods=("POST",),
    limit=EVENT_BYTES,
    read=read,
    word=word,
    refuse=refuse,
    scope=Scope.INGEST,
    shown_key=secret_in_head,
    mount=Mount.FLOWCORE,
)
