"""The ledger in words: the strip under the chart, a cell for each day, and the rows of the ledger's own page."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.links import PageState
from projections.dashboard.panels.not_stored import reason_in_words
from projections.dashboard.words import counted, day_in_words, moment_in_words, noun
from projections.query.ledger.answers import LedgerDay, OddHour, in_utc, ledger_of_one
from projections.query.ledger.balance import Verdict
from projections.query.question import WebQuestion
from projections.query.tallies import Gap

# As many cells as fit under a chart on a telephone.
MOST_CELLS: Final = 92
MOST_DAYS: Final = 400
LEDGER: Final = "ledger"

# A sign and a word for each, so that nobody has to tell colours apart.
SIGNS: Final = {
    Verdict.DOES_NOT_ADD_UP: "\N{MULTIPLICATION SIGN}",
    Verdict.GAP: "?",
    Verdict.UNTOLD: "?",
    Verdict.UNCOUNTED: "\N{EN DASH}",
    Verdict.OPEN: "\N{HORIZONTAL ELLIPSIS}",
    Verdict.ADDS_UP: "\N{CHECK MARK}",
    Verdict.NOTHING: "",
}
WORDS: Final = {
    Verdict.DOES_NOT_ADD_UP: "does not add up",
    Verdict.GAP: "has a gap",
    Verdict.UNTOLD: "was not told of",
    Verdict.UNCOUNTED: "is from before the ledger",
    Verdict.OPEN: "is open",
    Verdict.ADDS_UP: "adds up",
    Verdict.NOTHING: "received nothing",
}
_PLURAL: Final = {
    Verdict.DOES_NOT_ADD_UP: "do not add up",
    Verdict.GAP: "have a gap",
    Verdict.UNTOLD: "were not told of",
    Verdict.UNCOUNTED: "are from before the ledger",
    Verdict.OPEN: "are open",
    Verdict.ADDS_UP: "add up",
    Verdict.NOTHING: "received nothing",
}
_REASONS: Final = {"dropped": "dropped", "rejected": "malformed", "refused": "refused", "unavailable": "answered 503"}


class Cell(Struct, frozen=True, kw_only=True):
    """One day of the strip: what it is, for the eye and for a pointer."""

    verdict: Verdict
    sign: str
    title: str


class Strip(Struct, frozen=True, kw_only=True):
    """The strip under the chart: its cells, the whole of it in words, and where it leads."""

    cells: list[Cell]
    words: str
    href: str


class Row(Struct, frozen=True, kw_only=True):
    """A day of the ledger's page, with what is wrong with it in words."""

    day: LedgerDay
    name: str
    verdict: str
    sign: str
    remarks: list[str]


async def strip_of(connection: AsyncConnection, question: WebQuestion, state: PageState) -> Strip:
    """Return the strip of the days that *question* is about, the last of them where there are many."""
    asked = in_utc(question, MOST_CELLS)
    ledger = await ledger_of_one(connection, asked)
    cells = [Cell(verdict=day.verdict, sign=SIGNS[day.verdict], title=_title(day)) for day in ledger.days]
    return Strip(cells=cells, words=in_words(ledger.days), href=state.href(below=LEDGER))


def in_words(days: Iterable[LedgerDay]) -> str:
    """Return what is to be said of all *days* together: 29 days add up, 1 is open."""
    found = Counter([day.verdict for day in days])
    said = [
        f"{number:,} {noun(number, 'day') if place == 0 else ''} {_verb(verdict, number)}".replace("  ", " ")
        for place, (verdict, number) in enumerate(sorted(found.items(), key=lambda item: -item[1]))
    ]
    return ", ".join(said) if said else "no days"


def rows_of(days: Sequence[LedgerDay]) -> list[Row]:
    """Return *days* as rows, the newest first."""
    return [
        Row(
            day=day,
            name=day_in_words(day.day),
            verdict=WORDS[day.verdict],
            sign=SIGNS[day.verdict],
            remarks=[*map(remark_of, day.hours), *_unknown(day)],
        )
        for day in reversed(days)
    ]


def remark_of(odd: OddHour) -> str:
    """Return what is odd about an hour, in words."""
    at = f"{odd.hour.astimezone(UTC):%H:00}"
    if odd.missing:
        return f"From {at}: {counted(odd.missing, 'stored event')} {_is(odd.missing)} missing in the stream"
    if odd.verdict is Verdict.GAP:
        more = f"; {counted(odd.surplus, 'event')} more in the stream than told" if odd.surplus else ""
        return f"From {at}: an ingest process fell silent, and what it did last is not known{more}"
    return f"From {at}: {counted(odd.surplus, 'event')} in the stream that no ingest process told of"


def reasons_of(day: LedgerDay) -> list[tuple[str, int]]:
    """Return why what was not stored was not, in words, the commonest first."""
    named = []
    for reason, hits in day.door.reasons.items():
        ending, _, code = reason.partition(":")
        if ending in _REASONS:
            named.append((f"{_REASONS[ending]}: {reason_in_words(code)}", hits))
    return sorted(named, key=lambda one: (-one[1], one[0]))


def gaps_in_words(gaps: Iterable[Gap]) -> list[str]:
    """Return who fell silent, in words, the last first."""
    return [
        f"An ingest process ({gap.version}) fell silent after {moment_in_words(gap.since)} and never said that it ended"
        for gap in gaps
    ]


def first_in_words(first: OddHour | None) -> str:
    """Return the first hour that does not add up, and why, "" where every one does."""
    return "" if first is None else f"{day_in_words(first.hour)}. {remark_of(first)}"


def behind_in_words(total: LedgerDay, told_until: datetime | None, read_until: datetime | None) -> list[str]:
    """Return how many hits and events stand behind the numbers, and until when they are known."""
    told = "which nobody has told of" if told_until is None else f"as told until {moment_in_words(told_until)}"
    read = "as far as they were read" if read_until is None else f"as read until {moment_in_words(read_until)}"
    return [
        f"{counted(total.door.received, 'hit')} at the door, {told}",
        f"{counted(total.stream.facts, 'event')} in the stream, {read}",
    ]


def left_out_in_words(days: Iterable[LedgerDay]) -> list[str]:
    """Return what of *days* is in no number, because it is not known; what is nothing is not said."""
    known = list(days)
    hours = Counter([hour.verdict for day in known for hour in day.hours])
    whole = Counter([day.verdict for day in known])
    said = {
        "what a process that fell silent did last": (hours[Verdict.GAP], "hour"),
        "what was not stored while no process told of it": (hours[Verdict.UNTOLD], "hour"),
        "what came before the ledger was kept": (whole[Verdict.UNCOUNTED], "day"),
        "what is not told or not read yet": (whole[Verdict.OPEN], "day"),
    }
    return [f"{words}: {counted(number, unit)}" for words, (number, unit) in said.items() if number]


def _unknown(day: LedgerDay) -> list[str]:
    if not day.door.unknown:
        return []
    return [
        f"Of {counted(day.door.unknown, 'hit')} answered 503 nobody learned whether the stream has {_them(day.door.unknown)}"
    ]


def _title(day: LedgerDay) -> str:
    told = f"{counted(day.door.received, 'hit')} received, {counted(day.stream.facts, 'event')} in the stream"
    return f"{day_in_words(day.day)} {WORDS[day.verdict]}: {told}"


def _verb(verdict: Verdict, number: int) -> str:
    return WORDS[verdict] if number == 1 else _PLURAL[verdict]


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _them(number: int) -> str:
    return "it" if number == 1 else "them"
