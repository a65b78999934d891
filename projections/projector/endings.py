"""Endings: how the facts of a batch ended, by tenant, and which days of which sites they touched."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from msgspec import Struct

from projections.projector.ends import SiteHour, ends_of, ends_of_pointers
from projections.stream.item import Quarantined, Sequenced


class SiteDay(NamedTuple):
    """A UTC day of a site on which rows have changed, so that what is derived from them is to be computed again."""

    tenant: str
    site: str
    day: date


class Total(Struct, frozen=True, kw_only=True):
    """How many facts ended in each of the three ways, and when the newest of them was received, imports left aside."""

    applied: int = 0
    duplicates: int = 0
    quarantined: int = 0
    received_at: datetime | None = None

    def __add__(self, other: "Total") -> "Total":
        return Total(
            applied=self.applied + other.applied,
            duplicates=self.duplicates + other.duplicates,
            quarantined=self.quarantined + other.quarantined,
            received_at=newest(self.received_at, other.received_at),
        )


class Endings(Struct, frozen=True, kw_only=True):
    """How the facts of a batch ended; ``totals`` counts all of them, by tenant, and ``touched`` is what the applied changed.

    ``ends`` counts all of them, too, by site and by the hour in which they were received.
    """

    totals: Mapping[str, Total] = {}
    ends: Mapping[SiteHour, int] = {}
    quarantined: tuple[Quarantined, ...] = ()
    touched: frozenset[SiteDay] = frozenset()

    def __add__(self, other: "Endings") -> "Endings":
        tenants = self.totals.keys() | other.totals.keys()
        return Endings(
            totals={tenant: self.totals.get(tenant, _NONE) + other.totals.get(tenant, _NONE) for tenant in tenants},
            ends=Counter(self.ends) + Counter(other.ends),
            quarantined=self.quarantined + other.quarantined,
            touched=self.touched | other.touched,
        )

    @property
    def total(self) -> Total:
        """Return the sum over all tenants."""
        return sum(self.totals.values(), _NONE)

    @property
    def applied(self) -> int:
        """Return how many facts were applied."""
        return self.total.applied

    @property
    def duplicates(self) -> int:
        """Return how many facts were repeats."""
        return self.total.duplicates


_NONE = Total()


def ended(facts: Sequence[Sequenced[Any]], kept: Sequence[Sequenced[Any]], touched: frozenset[SiteDay]) -> Endings:
    """Return how *facts* ended, of which *kept* were applied and the others were repeats."""
    read = Counter([fact.event.tenant for fact in facts])
    applied = read if len(kept) == len(facts) else Counter([fact.event.tenant for fact in kept])
    times = _newest_by_tenant(facts)
    totals = {
        tenant: Total(applied=applied[tenant], duplicates=count - applied[tenant], received_at=times.get(tenant))
        for tenant, count in read.items()
    }
    return Endings(totals=totals, ends=ends_of(facts, kept), touched=touched)


def set_aside_as(pointers: Sequence[Quarantined], received_at: datetime | None = None) -> Endings:
    """Return that the facts which *pointers* point to were set aside; *received_at* is of a fact that could be read."""
    counted = Counter(pointer.tenant for pointer in pointers)
    totals = {tenant: Total(quarantined=count, received_at=received_at) for tenant, count in counted.items()}
    return Endings(totals=totals, ends=ends_of_pointers(pointers), quarantined=tuple(pointers))


def newest(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later of two moments, either of which may be missing."""
    if one is None or other is None:
        return one or other
    return max(one, other)


def _newest_by_tenant(facts: Sequence[Sequenced[Any]]) -> dict[str, datetime]:
    times: dict[str, datetime] = {}
    for fact in facts:
        event = fact.event
        # Imports bring their own, older times.
        if event.batch is None and (event.tenant not in times or event.received_at > times[event.tenant]):
            times[event.tenant] = event.received_at
    return times
