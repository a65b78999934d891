"""Quarantine: which facts of a stream of events are left out for good, although the stream still holds them."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct, structs

from contracts.control.envelope import ControlEvent

KIND = "quarantine"

StreamName: TypeAlias = Annotated[str, Meta(pattern="^[A-Z0-9_]{1,64}$")]
Sequence: TypeAlias = Annotated[int, Meta(ge=1, le=2**53)]


class FactsLeftOut(ControlEvent, frozen=True, tag="facts_left_out.v1"):
    """The facts at ``runs`` of sequences (first, last) in ``stream`` count for nothing from now on, whoever can read them."""

    stream: StreamName
    runs: tuple[tuple[Sequence, Sequence], ...]


EVENTS = (FactsLeftOut,)


class StreamOfFacts(Struct, frozen=True, kw_only=True):
    """A stream of events of which facts were left out."""

    id: str
    version: int
    stream: str


def quarantine_id(stream: str) -> str:
    """Return the id of what is decided about the facts of *stream*."""
    return f"{KIND}:{stream.lower()}"


def fold(thing: StreamOfFacts | None, event: ControlEvent) -> StreamOfFacts | None:
    """Return what is known of the stream after *event*; which facts are left out is a list, and is kept elsewhere."""
    match event:
        case FactsLeftOut(stream=stream):
            return StreamOfFacts(id=event.originator_id, version=event.originator_version, stream=stream)
    return None if thing is None else structs.replace(thing, version=event.originator_version)
