"""Pageviews and events of the Flowcore collector's pages: read like ours, refused in its words."""

from typing import Final

import msgspec

from collector.answer import Answer
from collector.arrival import Arrival
from collector.decode import may_reach_a_prototype, reaches_a_prototype
from collector.dialects import native
from collector.dialects.endpoint import Item
from collector.dialects.flowcore import faults
from collector.dialects.flowcore.words import TEXT, error
from collector.outcomes import Failure, Rejected, RejectReason

_UNREADABLE: Final = frozenset({RejectReason.NOT_JSON, RejectReason.NOT_UTF8, RejectReason.TOO_DEEP})

_PROTOTYPE: Final = "Validation error: No key may reach into an object's prototype; leave it out"


def read_pageview(arrival: Arrival) -> list[Item]:
    """Return the one hit, or raise Rejected in the words of the later generations."""
    try:
        hits = native.read_one(arrival)
    except Rejected as refusal:
        if refusal.reason in _UNREADABLE:
            raise
        raise faults.reworded(refusal, arrival.body) from None
    if may_reach_a_prototype(arrival.body) and reaches_a_prototype(msgspec.json.decode(arrival.body)):
        raise Rejected(RejectReason.OUT_OF_RANGE, _PROTOTYPE, field="customProperties")
    return [*hits]


def read_event(arrival: Arrival) -> list[Item]:
    """Return the one hit, or raise Rejected as the first generation did, whose page had to have a character."""
    if (fault := faults.first_in(arrival.body)) is not None:
        raise Rejected(RejectReason.WRONG_TYPE, fault.message, field=fault.field, status=faults.UNPROCESSABLE)
    return read_pageview(arrival)


def refuse_pageview(failure: Failure) -> Answer:
    """Word *failure* as the later generations did: ``Bad Request`` for what is no JSON, else an ``error``."""
    if isinstance(failure, Rejected) and failure.reason in _UNREADABLE:
        return Answer(status=400, headers=TEXT, body=b"Bad Request")
    return error(failure)


def refuse_event(failure: Failure) -> Answer:
    """Word *failure* as the first generation did: its schema's report with 422, and everything else like the later ones."""
    if isinstance(failure, Rejected) and failure.status == faults.UNPROCESSABLE:
        return Answer(status=failure.status, headers=native.JSON, body=faults.report(failure.field, failure.detail))
    return refuse_pageview(failure)
