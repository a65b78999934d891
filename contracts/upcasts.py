"""Old version -> next version, one small function each; stored facts never change, reading them moves them forward."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import asdict

from contracts.events import web, web_v1

Upcast: TypeAlias = Callable[[Any], Struct]


def _web_v1_to_v2(into: type[web.WebFact]) -> Upcast:
    """Return the step to *into*, whose device may say which version its system has; of what was stored before nobody knows."""

    def step(old: web_v1.WebFact) -> web.WebFact:
        return into(**(asdict(old) | {"device": web.Device(**asdict(old.device))}))

    return step


UPCASTS: Mapping[type[Struct], Upcast] = {old: _web_v1_to_v2(new) for old, new in zip(web_v1.FACTS, web.FACTS, strict=True)}


def upcast(event: Struct, upcasts: Mapping[type[Struct], Upcast] = UPCASTS) -> Struct:
    """Return *event* in the newest version, one step at a time."""
    while (step := upcasts.get(type(event))) is not None:
        event = step(event)
    return event
