"""The control plane's events: one file per kind of thing, with what its events make of it; KINDS is the list."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from msgspec import Struct

from contracts.codec import Codec
from contracts.control import goals, keys, mounts, people, quarantine, sites, tenants
from contracts.control.envelope import ControlEvent, kind_of

Thing: TypeAlias = (
    tenants.Tenant
    | sites.Site
    | sites.Name
    | mounts.MountClaim
    | keys.Key
    | people.Member
    | people.Session
    | goals.Goal
    | goals.Funnel
    | quarantine.StreamOfFacts
)
# A thing, or None where there is none yet, and the next event of it -> what it is then.
Fold: TypeAlias = Callable[[Any, ControlEvent], Any]


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of thing that is decided about: its name in ids, its events in every version, and how they are folded."""

    name: str
    events: tuple[type[ControlEvent], ...]
    fold: Fold


KINDS: Final = (
    Kind(name=tenants.KIND, events=tenants.EVENTS, fold=tenants.fold),
    Kind(name=sites.KIND, events=sites.EVENTS, fold=sites.fold),
    Kind(name=sites.NAME_KIND, events=sites.NAME_EVENTS, fold=sites.fold_name),
    Kind(name=mounts.KIND, events=mounts.EVENTS, fold=mounts.fold),
    Kind(name=keys.KIND, events=keys.EVENTS, fold=keys.fold),
    Kind(name=people.KIND, events=people.EVENTS, fold=people.fold),
    Kind(name=people.SESSION_KIND, events=people.SESSION_EVENTS, fold=people.fold_session),
    Kind(name=goals.GOAL_KIND, events=goals.GOAL_EVENTS, fold=goals.fold_goal),
    Kind(name=goals.FUNNEL_KIND, events=goals.FUNNEL_EVENTS, fold=goals.fold_funnel),
    Kind(name=quarantine.KIND, events=quarantine.EVENTS, fold=quarantine.fold),
)
CONTROL_EVENTS: Final = tuple(event for kind in KINDS for event in kind.events)
CONTROL_CODEC: Final = Codec(CONTROL_EVENTS)

_FOLDS: Final = {kind.name: kind.fold for kind in KINDS}


def fold(thing: Thing | None, event: ControlEvent) -> Thing | None:
    """Return what *thing* is after *event*; an event of a version that was there already changes nothing.

    So a second event of one id and version, and one that was delivered twice, is skipped by everybody alike. A version that is
    missing was an event that nobody could read: it ends nothing for those after it.
    """
    if thing is not None and event.originator_version <= thing.version:
        return thing
    folded: Thing | None = _FOLDS[kind_of(event.originator_id)](thing, event)
    return folded
