"""Old version -> next version, one small function each; stored facts never change, reading them moves them forward."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

Upcast: TypeAlias = Callable[[Any], Struct]

# No version has been superseded yet. An entry reads: ``PageViewedV1: page_viewed_v1_to_v2``.
UPCASTS: Mapping[type[Struct], Upcast] = {}


def upcast(event: Struct, upcasts: Mapping[type[Struct], Upcast] = UPCASTS) -> Struct:
    """Return *event* in the newest version, one step at a time."""
    while (step := upcasts.get(type(event))) is not None:
        event = step(event)
    return event
