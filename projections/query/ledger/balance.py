"""The balance of an hour: whether what was told to be stored is what the stream held, and what is not known instead."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from contracts.tallies import SILENT_SECONDS, hour_of
from projections.query.ledger.sides import Door, InStream

HOUR = timedelta(hours=1)
# A hit is told of in the hour that it was received in, and stored up to some seconds later.
SETTLED = timedelta(seconds=60)
_SILENT = timedelta(seconds=SILENT_SECONDS)


class Verdict(StrEnum):
    """What is to be said of an hour or a day, the worst first; a day is as its worst hour."""

    DOES_NOT_ADD_UP = "does_not_add_up"
    GAP = "gap"
    UNTOLD = "untold"
    UNCOUNTED = "uncounted"
    OPEN = "open"
    ADDS_UP = "adds_up"
    NOTHING = "nothing"


_ORDER = {verdict: place for place, verdict in enumerate(Verdict)}

MEANINGS: dict[Verdict, str] = {
    Verdict.DOES_NOT_ADD_UP: "What was told to be stored is not what the stream held, and nothing that is known explains it.",
    Verdict.GAP: "An ingest process fell silent without saying that it ended: what it did last is not known.",
    Verdict.UNTOLD: "No ingest process has told of this time, or not any more: what was not stored is not known.",
    Verdict.UNCOUNTED: "Before the ledger was kept: `collector backfill` counts it.",
    Verdict.OPEN: "Not over yet, or not read to its end.",
    Verdict.ADDS_UP: "Both sides are equal.",
    Verdict.NOTHING: "Nothing was received.",
}


class Run(Struct, frozen=True, kw_only=True):
    """An ingest process: from when until when it has told, and whether it has said that it ended."""

    started_at: datetime
    told_at: datetime
    ended: bool


class Known(Struct, frozen=True, kw_only=True):
    """What both sides' words are worth: until when all is told, and read, and since when it is counted; and who has told.

    ``told`` and ``gaps`` are hours: those in which some process was there, and those of which one has told too little.
    """

    told_until: datetime | None
    read_until: datetime | None
    counted_since: datetime | None
    told: frozenset[datetime]
    gaps: frozenset[datetime]


class Balance(Struct, frozen=True, kw_only=True):
    """An hour's verdict; ``missing`` facts were stored and not found, ``surplus`` ones found and not told.

    Of those that were ``erased`` with their site it is known that they were stored, and no more.
    """

    verdict: Verdict
    missing: int = 0
    surplus: int = 0
    erased: int = 0


def known_of(
    runs: Iterable[Run],
    *,
    since: datetime,
    until: datetime,
    told_until: datetime | None,
    read_until: datetime | None,
    counted_since: datetime | None,
) -> Known:
    """Return what *runs* say of the hours from *since* until *until*."""
    told: set[datetime] = set()
    gaps: set[datetime] = set()
    for run in runs:
        told |= _hours(max(run.started_at, since), min(run.told_at, until))
        if not run.ended and told_until is not None and run.told_at < told_until - _SILENT:
            gaps |= _hours(max(run.told_at, since), run.told_at + _SILENT)
    return Known(
        told_until=told_until,
        read_until=read_until,
        counted_since=counted_since,
        told=frozenset(told),
        gaps=frozenset(gaps),
    )


def balance(
    hour: datetime, door: Door, stream: InStream, known: Known, *, erased_until: datetime | None = None, elsewhere: int = 0
) -> Balance:
    """Return whether the two sides of *hour* meet, for somebody of whom facts were erased until *erased_until*.

    *elsewhere* hits were stored in that hour for sites that were not told apart, so some may be theirs.
    """
    least = door.stored + door.landed
    missing = max(least - stream.facts, 0)
    surplus = max(stream.facts - least - door.unknown - elsewhere, 0)
    erased = missing if erased_until is not None and hour <= erased_until else 0
    verdict = _verdict(hour, door, stream, known, missing=missing - erased, surplus=surplus)
    return Balance(verdict=verdict, missing=missing - erased, surplus=surplus, erased=erased)


def _verdict(hour: datetime, door: Door, stream: InStream, known: Known, *, missing: int, surplus: int) -> Verdict:
    if known.counted_since is not None and hour <= known.counted_since:
        return Verdict.UNCOUNTED
    if _is_open(hour + HOUR, known, is_missing=missing > 0):
        return Verdict.OPEN
    if missing:
        return Verdict.DOES_NOT_ADD_UP
    if hour in known.gaps:
        return Verdict.GAP
    if surplus:
        return Verdict.DOES_NOT_ADD_UP if hour in known.told else Verdict.UNTOLD
    return Verdict.ADDS_UP if door.received or stream.facts else Verdict.NOTHING


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of *verdicts*, for whatever they are of together."""
    return min(verdicts, key=_ORDER.__getitem__, default=Verdict.NOTHING)


def _is_open(end: datetime, known: Known, *, is_missing: bool) -> bool:
    if known.told_until is None:
        return False  # nobody has ever told anything
    if known.told_until < end + _SILENT:
        return True
    return is_missing and (known.read_until is None or known.read_until < end + SETTLED)


def _hours(since: datetime, until: datetime) -> set[datetime]:
    first = hour_of(since)
    if until < first:
        return set()
    return {first + number * HOUR for number in range(int((until - first) / HOUR) + 1)}
