"""The numbers of a ledger's page: its columns by side, what they mean, and what stands behind them and was left out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from msgspec import Struct

from projections.dashboard.panels.ledger import behind_in_words, left_out_in_words
from projections.query.ledger.answers import LedgerDay
from projections.query.ledger.balance import MEANINGS, Verdict
from projections.query.ledger.numbers import LEDGER_NUMBERS, SIDES, LedgerNumber

# The columns under the name of their side.
SIDES_SHOWN: Final[Sequence[tuple[str, list[LedgerNumber]]]] = [
    (SIDES[side], list(numbers)) for side, numbers in groupby(LEDGER_NUMBERS, key=lambda number: number.side)
]


class Defined(Struct, frozen=True, kw_only=True):
    """What the page says about its numbers; ``values`` are those of the whole period, a column each."""

    sides: Sequence[tuple[str, list[LedgerNumber]]]
    numbers: Sequence[LedgerNumber]
    values: list[int]
    behind: list[str]
    left_out: list[str]
    meanings: dict[Verdict, str]


def defined(
    total: LedgerDay, days: Iterable[LedgerDay], *, told_until: datetime | None, read_until: datetime | None
) -> Defined:
    """Return what is to be said about the numbers of *days*, which are *total* together."""
    return Defined(
        sides=SIDES_SHOWN,
        numbers=LEDGER_NUMBERS,
        values=[number.of(total) for number in LEDGER_NUMBERS],
        behind=behind_in_words(total, told_until, read_until),
        left_out=left_out_in_words(days),
        meanings=MEANINGS,
    )
