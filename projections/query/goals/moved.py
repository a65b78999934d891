"""Moved: the numbers of goals and steps with those of the other days beside them, and how they have moved since."""

from collections.abc import Sequence

from msgspec.structs import replace

from projections.query.goals.shown import (
    GoalMoved,
    GoalRow,
    Money,
    Others,
    ReachedThere,
    StepMoved,
    StepTaken,
    StepThere,
    ValueReached,
)
from projections.query.metrics import CONVERSION_RATE, METRIC_NAMED
from projections.query.periods import Span
from projections.query.question import WebQuestion

_COUNT, _RATE = METRIC_NAMED["visitors"], CONVERSION_RATE


def others(question: WebQuestion, span: Span, visitors: int) -> Others:
    """Return what is said of the other days, which are *span*."""
    return Others(since=span.since.astimezone(question.zone), until=span.until.astimezone(question.zone), visitors=visitors)


def rows_beside(now: Sequence[GoalRow], there: Sequence[GoalRow]) -> list[GoalRow]:
    """Return the rows of *now*, each with that of the same goal *there*."""
    return [
        replace(row, previous=_there(other, other.value), change=_moved(row, other))
        for row, other in zip(now, there, strict=True)
    ]


def value_beside(now: ValueReached, there: ValueReached) -> ValueReached:
    """Return *now* with the same value *there*."""
    return replace(now, previous=_there(there, there.worth), change=_moved(now, there))


def steps_beside(now: Sequence[StepTaken], there: Sequence[StepTaken]) -> list[StepTaken]:
    """Return the steps of *now*, each with the same one *there*."""
    return [
        replace(
            step,
            previous=StepThere(
                visitors=other.visitors, rate=other.rate, of_first=other.of_first, of_previous=other.of_previous
            ),
            change=StepMoved(
                visitors=_COUNT.change(step.visitors, other.visitors),
                rate=_RATE.change(step.rate, other.rate),
                of_first=_RATE.change(step.of_first, other.of_first),
                of_previous=_RATE.change(step.of_previous, other.of_previous),
            ),
        )
        for step, other in zip(now, there, strict=True)
    ]


def _there(other: GoalRow | ValueReached, value: list[Money]) -> ReachedThere:
    return ReachedThere(visitors=other.visitors, conversions=other.conversions, rate=other.rate, value=value)


def _moved(now: GoalRow | ValueReached, there: GoalRow | ValueReached) -> GoalMoved:
    return GoalMoved(
        visitors=_COUNT.change(now.visitors, there.visitors),
        conversions=_COUNT.change(now.conversions, there.conversions),
        rate=_RATE.change(now.rate, there.rate),
    )
