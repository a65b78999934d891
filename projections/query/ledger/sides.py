"""Door and InStream: the two sides of the ledger, and what has to be equal of them."""

from collections.abc import Iterable

from msgspec import Struct

from contracts.tallies import Ending
from projections.projector.ends import End


class Door(Struct, frozen=True, kw_only=True):
    """How the hits ended that were received: ``received`` is the sum of the six after it.

    Of the ``unavailable`` ones, answered with 503, ``landed`` are in the stream all the same and ``not_landed`` are not; of
    ``unknown`` no process learned which. ``reasons`` says why, for what was not stored.
    """

    received: int = 0
    stored: int = 0
    repeated: int = 0
    dropped: int = 0
    rejected: int = 0
    refused: int = 0
    unavailable: int = 0
    landed: int = 0
    not_landed: int = 0
    unknown: int = 0
    reasons: dict[str, int] = {}

    def __add__(self, other: "Door") -> "Door":
        return _sum_of(self, other) if other is not NO_DOOR else self


class InStream(Struct, frozen=True, kw_only=True):
    """How the facts ended that the stream holds or held: ``facts`` is the sum of the six after it.

    ``robots`` are left out of every number by rule, ``left_out`` by somebody's decision, and ``erased`` went with their site.
    """

    facts: int = 0
    counted: int = 0
    robots: int = 0
    repeated: int = 0
    quarantined: int = 0
    left_out: int = 0
    erased: int = 0

    def __add__(self, other: "InStream") -> "InStream":
        return InStream(
            facts=self.facts + other.facts,
            counted=self.counted + other.counted,
            robots=self.robots + other.robots,
            repeated=self.repeated + other.repeated,
            quarantined=self.quarantined + other.quarantined,
            left_out=self.left_out + other.left_out,
            erased=self.erased + other.erased,
        )


NO_DOOR = Door()
NOTHING_IN_STREAM = InStream()

_FIELD_OF = {
    End.COUNTED: "counted",
    End.ROBOT: "robots",
    End.REPEATED: "repeated",
    End.QUARANTINED: "quarantined",
    End.DROPPED: "left_out",
}


def door_of(ending: Ending, reason: str, hits: int, landed: int = 0, not_landed: int = 0) -> Door:
    """Return the side of *hits* that ended in one way."""
    is_unavailable = ending is Ending.UNAVAILABLE
    counts = {
        "received": hits,
        ending.value: hits,
        "landed": landed,
        "not_landed": not_landed,
        "unknown": max(hits - landed - not_landed, 0) if is_unavailable else 0,
    }
    return Door(**counts, reasons={f"{ending.value}:{reason}": hits} if reason else {})


def in_stream_of(ending: End, facts: int) -> InStream:
    """Return the side of *facts* that ended in one way."""
    return InStream(**{"facts": facts, _FIELD_OF[ending]: facts})


def doors(parts: Iterable[Door]) -> Door:
    """Return the sum of *parts*."""
    return sum(parts, NO_DOOR)


def in_streams(parts: Iterable[InStream]) -> InStream:
    """Return the sum of *parts*."""
    return sum(parts, NOTHING_IN_STREAM)


def _sum_of(one: Door, other: Door) -> Door:
    reasons = dict(one.reasons)
    for reason, hits in other.reasons.items():
        reasons[reason] = reasons.get(reason, 0) + hits
    return Door(
        received=one.received + other.received,
        stored=one.stored + other.stored,
        repeated=one.repeated + other.repeated,
        dropped=one.dropped + other.dropped,
        rejected=one.rejected + other.rejected,
        refused=one.refused + other.refused,
        unavailable=one.unavailable + other.unavailable,
        landed=one.landed + other.landed,
        not_landed=one.not_landed + other.not_landed,
        unknown=one.unknown + other.unknown,
        reasons=reasons,
    )
