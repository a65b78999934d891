"""The numbers of the ledger, a column each: what it counts, on which side, and by which version of its definition."""

from enum import StrEnum

from msgspec import Struct

from projections.query.ledger.answers import LedgerDay


class Side(StrEnum):
    """Where a number is from; each is a field of a day of the ledger."""

    DOOR = "door"
    STREAM = "stream"
    IMPORTED = "imported"


SIDES: dict[Side, str] = {Side.DOOR: "At the door", Side.STREAM: "In the stream", Side.IMPORTED: "Beside both"}


class LedgerNumber(Struct, frozen=True, kw_only=True):
    """One number of a day: ``field`` of its ``side``; ``column`` is its short name, which is enough beside the others."""

    side: Side
    field: str
    column: str
    title: str
    meaning: str
    version: int = 1

    @property
    def name(self) -> str:
        """Return what it is called among all definitions."""
        return f"ledger_{self.side}_{self.field}"

    def of(self, day: LedgerDay) -> int:
        """Return the number of *day*."""
        count: int = getattr(getattr(day, self.side), self.field)
        return count


def _door(field: str, column: str, title: str, meaning: str) -> LedgerNumber:
    return LedgerNumber(side=Side.DOOR, field=field, column=column, title=f"Ledger: {title}", meaning=meaning)


def _stream(field: str, column: str, meaning: str) -> LedgerNumber:
    title = f"Ledger: {column.lower()}, in the stream"
    return LedgerNumber(side=Side.STREAM, field=field, column=column, title=title, meaning=meaning)


_OF_THE_DOOR = (
    _door(
        "received", "Received", "received", "Hits that ingest processes told of, by the hour of receipt: the sum of all ends."
    ),
    _door("stored", "Stored", "stored", "Hits that were answered as stored once the stream had confirmed them."),
    _door("repeated", "Repeated", "repeated at the door", "Hits whose id the stream knew already: they are stored once."),
    _door("dropped", "Dropped", "dropped", "Hits that were not to be stored: the reason is named, such as a privacy signal."),
    _door("rejected", "Malformed", "malformed", "Hits that could not be read."),
    _door("refused", "Refused", "refused", "Hits without the right credential, and those beyond a limit."),
    _door("unavailable", "Unavailable", "unavailable", "Hits answered 503, because nobody could confirm that they are stored."),
    _door("landed", "of them stored", "unavailable, and stored", "Of those answered 503 what the stream holds all the same."),
    _door("not_landed", "not stored", "unavailable, and not stored", "Of those answered 503 what the stream does not hold."),
    _door("unknown", "not known", "unavailable, and not known", "Of those answered 503 what no process learned the end of."),
)
_OF_THE_STREAM = (
    _stream("facts", "Events", "Events that the stream holds or held, as the projectors found them: the sum of all ends."),
    _stream("counted", "Counted", "Events that the numbers are made of."),
    _stream("robots", "Robots", "Events of robots, kept, and left out of every number unless asked for."),
    _stream("repeated", "Repeated", "Events whose id had been counted before."),
    _stream("quarantined", "Set aside", "Events that could not be read or applied, and wait in quarantine."),
    _stream("left_out", "Left out", "Events that somebody decided not to count."),
    _stream("erased", "Erased", "Events that were stored and have gone with their site or their person."),
)
_IMPORTED = LedgerNumber(
    side=Side.IMPORTED,
    field="facts",
    column="Imported",
    title="Ledger: imported",
    meaning="Events that came by no request, under the time at which whoever recorded them first had received them.",
)
LEDGER_NUMBERS: tuple[LedgerNumber, ...] = (*_OF_THE_DOOR, *_OF_THE_STREAM, _IMPORTED)
