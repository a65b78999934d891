"""What was reached, in cells: the numbers of goals and steps in words, each with how it has moved where it is compared."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import UNSET, Struct

from projections.dashboard.panels.moved import Moved, moved_by
from projections.dashboard.words import exactly
from projections.dashboard.words_of_goals import amounts_in_words
from projections.query.goals.shown import GoalRow, Money, StepTaken, ValueReached
from projections.query.metrics import CONVERSION_RATE, METRIC_NAMED

_COUNT, _RATE = METRIC_NAMED["visitors"], CONVERSION_RATE


class Cell(Struct, frozen=True, kw_only=True):
    """One number as it is shown; ``before`` is what was there instead, of a number that does not move by percent."""

    text: str
    moved: Moved | None = None
    before: str = ""


def goal_cells(row: GoalRow) -> list[Cell]:
    """Return the visitors, conversions, rate and value of a goal."""
    return _cells(row, row.value)


def value_cells(row: ValueReached) -> list[Cell]:
    """Return the same of one value of a dimension."""
    return _cells(row, row.worth)


def step_cells(step: StepTaken, *, is_last: bool) -> list[Cell]:
    """Return the visitors of a step, in percent of the first and of the one before, and how many went no further."""
    there, change = step.previous, step.change
    texts = (exactly(step.visitors), f"{step.of_first:g}%", f"{step.of_previous:g}%")
    dropped = Cell(text="" if is_last else exactly(step.dropped))
    if there is UNSET or change is UNSET:
        return [*(Cell(text=text) for text in texts), dropped]
    moves = (
        moved_by(_COUNT, change.visitors, there.visitors),
        moved_by(_RATE, change.of_first, there.of_first),
        moved_by(_RATE, change.of_previous, there.of_previous),
    )
    return [*_both(texts, moves), dropped]


def money_in_words(amounts: Iterable[Money]) -> str:
    """Return what something was worth, by currency."""
    return amounts_in_words((each.currency, Decimal(each.amount)) for each in amounts)


def _cells(row: GoalRow | ValueReached, value: list[Money]) -> list[Cell]:
    there, change = row.previous, row.change
    texts = (exactly(row.visitors), exactly(row.conversions), f"{row.rate:g}%")
    if there is UNSET or change is UNSET:
        return [*(Cell(text=text) for text in texts), Cell(text=money_in_words(value))]
    moves = (
        moved_by(_COUNT, change.visitors, there.visitors),
        moved_by(_COUNT, change.conversions, there.conversions),
        moved_by(_RATE, change.rate, there.rate),
    )
    return [*_both(texts, moves), Cell(text=money_in_words(value), before=money_in_words(there.value))]


def _both(texts: Sequence[str], moves: Sequence[Moved]) -> list[Cell]:
    return [Cell(text=text, moved=moved) for text, moved in zip(texts, moves, strict=True)]
