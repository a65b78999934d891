"""Conversions: how many visitors reached a goal, how often, and what that was worth; over a period, by time, by a dimension.

A goal is reached by a fact that lies in a visit, and counts with that visit: in the period in which the visit began, and under
what the visit has. So whoever reached it is one of the visitors of the period, and a filter by the goal keeps just them. What a
server reports of nobody lies in no visit: it counts among the conversions of a whole period without filters, and nowhere else.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct
from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.goals import Goal
from projections.query.counts import Cut
from projections.query.goals.conditions import KINDS, any_of, fits, in_kept_visits
from projections.query.goals.joining import joined_at_once
from projections.query.matching import every, hits_in
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.read_models.hits import HITS, NOBODY
from projections.read_models.visits import VISITS

# What it is cut by, in the order of the cuts.
Key: TypeAlias = tuple[Any, ...]


class Reached(Struct, frozen=True, kw_only=True):
    """How many visitors reached a goal, how often it was reached, and what that was worth by currency."""

    visitors: int = 0
    conversions: int = 0
    worth: Mapping[str, Decimal] = {}


NEVER = Reached()


async def reached(connection: AsyncConnection, question: WebQuestion, goals: Sequence[Goal], span: Span) -> list[Reached]:
    """Return how each of *goals* was reached in *span* by what *question* keeps, by nobody in particular included."""
    found = (await reached_by(connection, question, goals, span)).get((), [NEVER] * len(goals))
    if question.filters or not goals:
        return found
    of_nobody = every([*hits_in(question, span, *KINDS), HITS.c.visitor == NOBODY, _any(goals)])
    counted = select(*(_times(goal).label(f"times_{number}") for number, goal in enumerate(goals))).where(of_nobody)
    row = (await connection.execute(counted)).one()
    worth = await _revenue(connection, goals, select(HITS.c.currency.label("currency")).where(of_nobody), 0)
    return [
        _with_worth(goal, one.visitors, one.conversions + times, _sum(one_worth, more))
        for goal, one, times, one_worth, more in zip(
            goals, found, row, _revenues(found, goals), worth.get((), [{}] * len(goals)), strict=True
        )
    ]


async def reached_by(
    connection: AsyncConnection, question: WebQuestion, goals: Sequence[Goal], span: Span, *cuts: Cut
) -> dict[Key, list[Reached]]:
    """Return how each of *goals* was reached by visitors, for every combination of *cuts*, which are of visits."""
    if not goals:
        return {}
    labels = [cut.on(VISITS.c, VISITS.c.began_at).label(f"cut_{number}") for number, cut in enumerate(cuts)]
    kept = every([*in_kept_visits(question, span), _any(goals)])
    by_currency = select(*labels, HITS.c.currency.label("currency")).where(kept)
    async with joined_at_once(connection):
        rows = await connection.execute(_counted(goals, labels, kept))
        worth = await _revenue(connection, goals, by_currency, len(labels))
    width, found = len(labels), {}
    for row in rows:
        key, counts = tuple(row[:width]), row[width:]
        revenues = worth.get(key, [{}] * len(goals))
        found[key] = [
            _with_worth(goal, int(counts[2 * number]), int(counts[2 * number + 1]), revenues[number])
            for number, goal in enumerate(goals)
        ]
    return found


def _counted(goals: Sequence[Goal], labels: Sequence[Any], kept: ColumnElement[bool]) -> Select[Any]:
    visits = VISITS.c
    times = [_times(goal).label(f"times_{number}") for number, goal in enumerate(goals)]
    # Twice grouped: counting distinct pairs would sort every row, and this hashes them.
    each = select(*labels, *times).where(kept).group_by(*labels, visits.day, visits.visitor).subquery("each_visitor")
    numbers = [number for time in times for number in _over_visitors(each.c[time.name])]
    keys = [each.c[label.name] for label in labels]
    return select(*keys, *numbers).group_by(*keys)


def _over_visitors(times: ColumnElement[int]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.count().filter(times > 0), cast(func.coalesce(func.sum(times), 0), BigInteger)


def _times(goal: Goal) -> ColumnElement[int]:
    return func.count().filter(fits(goal.condition, HITS.c))


def _any(goals: Sequence[Goal]) -> ColumnElement[bool]:
    return any_of((goal.condition for goal in goals), HITS.c)


async def _revenue(
    connection: AsyncConnection, goals: Sequence[Goal], by_currency: Select[Any], width: int
) -> dict[Key, list[dict[str, Decimal]]]:
    """Return what the events that reach each of *goals* brought in, by the first *width* columns of *by_currency*."""
    counting = [number for number, goal in enumerate(goals) if goal.counts_revenue]
    if not counting:
        return {}
    hits = HITS.c
    sums = [func.sum(hits.revenue).filter(fits(goals[number].condition, hits)) for number in counting]
    query = by_currency.add_columns(*sums).where(hits.revenue.is_not(None))
    found: defaultdict[Key, list[dict[str, Decimal]]] = defaultdict(lambda: [{} for _ in goals])
    for row in await connection.execute(query.group_by(*by_currency.selected_columns)):
        for number, amount in zip(counting, row[width + 1 :], strict=True):
            if amount is not None:
                found[tuple(row[:width])][number][row[width]] = amount
    return found


def _with_worth(goal: Goal, visitors: int, conversions: int, revenue: Mapping[str, Decimal]) -> Reached:
    worth = dict(revenue)
    if goal.amount is not None and conversions:
        worth = {goal.amount.currency: Decimal(goal.amount.amount) * conversions}
    return Reached(visitors=visitors, conversions=conversions, worth=dict(sorted(worth.items())))


def _revenues(found: Sequence[Reached], goals: Sequence[Goal]) -> list[Mapping[str, Decimal]]:
    return [one.worth if goal.counts_revenue else {} for one, goal in zip(found, goals, strict=True)]


def _sum(one: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {currency: one.get(currency, Decimal()) + other.get(currency, Decimal()) for currency in {*one, *other}}
