"""Bytes <-> event, as JSON; an unknown type, a version from the future and broken bytes are three different things."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from contracts.events import CATALOGUE, Fact
from contracts.upcasts import UPCASTS, Upcast, upcast

VERSIONED = re.compile(r"^(?P<name>[a-z][a-z0-9_]*)\.v(?P<version>[1-9][0-9]*)$")


class Undecodable(ValueError):
    """The bytes are no event of ours: broken JSON, a missing field, a wrong type."""


class UnknownType(ValueError):
    """The bytes are an event of a type that this catalogue has never heard of."""


class NewerVersion(ValueError):
    """The bytes are a version of a known type that this program is too old to read: stop and upgrade, never skip."""


class _Head(Struct):
    type: str


class Codec:
    """Reads every version in *catalogue* and returns the newest; writes any of them."""

    def __init__(
        self,
        catalogue: Iterable[type[Struct]] = CATALOGUE,
        upcasts: Mapping[type[Struct], Upcast] = UPCASTS,
    ) -> None:
        events = tuple(catalogue)
        self._upcasts = upcasts
        self._encoder = msgspec.json.Encoder()
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_union(events))
        self._head = msgspec.json.Decoder(_Head)
        self._newest = _newest_versions(events)

    def encode(self, event: Struct) -> bytes:
        """Return *event* as JSON bytes."""
        return self._encoder.encode(event)

    def decode(self, data: bytes) -> Fact:
        """Return the event in *data*, upcast to its newest version, or say which of the three ways it failed."""
        try:
            event = self._decoder.decode(data)
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            raise self._why(data) from error
        return upcast(event, self._upcasts)  # type: ignore[return-value]  # the chain ends in the catalogue's newest

    def _why(self, data: bytes) -> ValueError:
        try:
            named = VERSIONED.match(self._head.decode(data).type)
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            return Undecodable("the bytes are not an event")
        newest = self._newest.get(named["name"]) if named else None
        if named is None or newest is None:
            return UnknownType("the event's type is not in the catalogue")
        if int(named["version"]) > newest:
            return NewerVersion(f"version {named['version']} of {named['name']}; this program reads up to {newest}")
        return Undecodable(f"the bytes do not fit {named['name']}.v{named['version']}")


def type_of(event: type[Struct] | Struct) -> str:
    """Return the published name of *event*, such as ``page_viewed.v1``."""
    return str(event.__struct_config__.tag)


def _union(events: tuple[type[Struct], ...]) -> Any:
    union: Any = events[0]
    for event in events[1:]:
        union = union | event
    return union


def _newest_versions(events: tuple[type[Struct], ...]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for event in events:
        named = VERSIONED.match(type_of(event))
        if named is None:
            raise ValueError(f"{event.__name__} needs a tag of the form name.v1")
        newest[named["name"]] = max(int(named["version"]), newest.get(named["name"], 0))
    return newest


CODEC = Codec()
