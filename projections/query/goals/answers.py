"""The answers about goals and funnels: how each question about them is asked of the tables."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.goals import Funnel, Goal
from projections.query.compared import Compare, beside
from projections.query.counts import ByBucket, ByValue
from projections.query.dimensions import Dimension
from projections.query.goals.conversions import NEVER, Reached, reached, reached_by
from projections.query.goals.moved import others, rows_beside, steps_beside, value_beside
from projections.query.goals.shown import (
    FunnelAnswer,
    Funnels,
    GoalAnswer,
    GoalBreakdown,
    GoalBucket,
    GoalPoint,
    GoalRow,
    Goals,
    StepTaken,
    ValueReached,
    called,
    funnel_head,
    goal_head,
    money_of,
)
from projections.query.goals.steps import visitors_by_step
from projections.query.goals.targets import Decided, funnels_of, goals_of
from projections.query.matching import every, visits_in
from projections.query.metrics import percent
from projections.query.periods import Span, edges
from projections.query.problems import not_found
from projections.query.question import WebQuestion
from projections.query.sums import Of
from projections.query.web.breakdown import count_visitors_in
from projections.read_models.visits import VISITS


async def goals_answer(connection: AsyncConnection, question: WebQuestion) -> Goals:
    """Answer *question* for every goal of the site."""
    decided, other = await goals_of(connection, question.caller, question.site), question.asked_beside
    visitors, rows = await _rows(connection, question, decided, question.span)
    answer = Goals(
        site=question.site,
        since=question.span.since.astimezone(question.zone),
        until=question.span.until.astimezone(question.zone),
        visitors=visitors,
        goals=rows,
    )
    if other is None:
        return answer
    visitors_there, there = await _rows(connection, question, decided, other)
    return replace(answer, goals=rows_beside(rows, there), previous=others(question, other, visitors_there))


async def goal_answer(connection: AsyncConnection, question: WebQuestion, decided: Decided[Goal]) -> GoalAnswer:
    """Answer *question* for one goal, as a whole and by bucket."""
    other = question.asked_beside
    visitors, rows = await _rows(connection, question, [decided], question.span)
    bounds = edges(question.days, question.zone, question.interval)
    points = [
        GoalPoint(
            start=start.astimezone(question.zone),
            visitors=found.visitors,
            conversions=found.conversions,
            value=money_of(found.worth),
        )
        for start, found in zip(
            bounds[:-1], await _by_bucket(connection, question, decided, question.span, bounds), strict=True
        )
    ]
    answer = GoalAnswer(
        site=question.site,
        since=question.span.since.astimezone(question.zone),
        until=question.span.until.astimezone(question.zone),
        visitors=visitors,
        goal=rows[0],
        interval=question.interval,
        points=points,
    )
    if other is None:
        return answer
    visitors_there, there = await _rows(connection, question, [decided], other)
    return replace(
        answer,
        goal=rows_beside(rows, there)[0],
        points=await _points_beside(connection, question, decided, other, points),
        previous=others(question, other, visitors_there),
    )


async def goal_breakdown(
    connection: AsyncConnection, question: WebQuestion, decided: Decided[Goal], dimension: Dimension
) -> GoalBreakdown:
    """Answer *question* for one goal and each value of *dimension*, which is one of visits."""
    other, found = question.asked_beside, await _by_value(connection, question, decided, dimension, question.span)
    there = {} if other is None else await _by_value(connection, question, decided, dimension, other)
    # What only the other days have comes behind all others.
    named = [*_in_order(found), *_in_order({value: each for value, each in there.items() if value not in found})]
    offset = question.ordering.offset
    values = named[offset : offset + question.limit]
    rows = await _values(connection, question, dimension, {value: found.get(value, NEVER) for value in values}, question.span)
    if other is not None:
        rows_there = await _values(connection, question, dimension, {value: there.get(value, NEVER) for value in values}, other)
        rows = [value_beside(*both) for both in zip(rows, rows_there, strict=True)]
    return GoalBreakdown(
        site=question.site,
        definition=goal_head(decided),
        dimension=dimension.name,
        rows=rows,
        more=len(named) > offset + len(values),
    )


async def funnels_answer(connection: AsyncConnection, question: WebQuestion) -> Funnels:
    """Return the funnels of the site."""
    decided = await funnels_of(connection, question.caller, question.site)
    return Funnels(site=question.site, funnels=[funnel_head(one) for one in decided])


async def funnel_answer(connection: AsyncConnection, question: WebQuestion, decided: Decided[Funnel]) -> FunnelAnswer:
    """Answer *question* for one funnel."""
    other = question.asked_beside
    visitors, steps = await _steps(connection, question, decided.thing, question.span)
    answer = FunnelAnswer(
        site=question.site,
        since=question.span.since.astimezone(question.zone),
        until=question.span.until.astimezone(question.zone),
        visitors=visitors,
        definition=funnel_head(decided),
        steps=steps,
        rate=steps[-1].rate,
    )
    if other is None:
        return answer
    visitors_there, there = await _steps(connection, question, decided.thing, other)
    return replace(answer, steps=steps_beside(steps, there), previous=others(question, other, visitors_there))


def require_of_visit(dimension: Dimension) -> Dimension:
    """Return *dimension* where a visit has one value of it, or raise Refused."""
    if dimension.of is not Of.VISIT:
        raise not_found("A goal is told by what a visit has: its source, country, device, entry page and the like.")
    return dimension


async def _rows(
    connection: AsyncConnection, question: WebQuestion, decided: Sequence[Decided[Goal]], span: Span
) -> tuple[int, list[GoalRow]]:
    """Return the visitors of *span*, and how each goal was reached there."""
    visitors = await count_visitors_in(connection, question, span)
    found = await reached(connection, question, [one.thing for one in decided], span)
    return visitors, [
        GoalRow(
            definition=goal_head(one),
            visitors=numbers.visitors,
            conversions=numbers.conversions,
            rate=percent(numbers.visitors, visitors),
            value=money_of(numbers.worth),
        )
        for one, numbers in zip(decided, found, strict=True)
    ]


async def _by_bucket(
    connection: AsyncConnection, question: WebQuestion, decided: Decided[Goal], span: Span, bounds: Sequence[datetime]
) -> list[Reached]:
    found = await reached_by(connection, question, [decided.thing], span, ByBucket(bounds))
    return [found.get((number,), [NEVER])[0] for number in range(1, len(bounds))]


async def _points_beside(
    connection: AsyncConnection, question: WebQuestion, decided: Decided[Goal], other: Span, points: Sequence[GoalPoint]
) -> list[GoalPoint]:
    bounds, beside_it = beside(question.compare or Compare.PREVIOUS, question.days, other, question.zone, question.interval)
    found = await _by_bucket(connection, question, decided, other, bounds)
    buckets = [
        GoalBucket(
            start=start.astimezone(question.zone),
            visitors=numbers.visitors,
            conversions=numbers.conversions,
            value=money_of(numbers.worth),
        )
        for start, numbers in zip(bounds[:-1], found, strict=True)
    ]
    partners = [beside_it.get(point.start.astimezone(UTC)) for point in points]
    return [
        replace(point, previous=None if number is None else buckets[number])
        for point, number in zip(points, partners, strict=True)
    ]


async def _by_value(
    connection: AsyncConnection, question: WebQuestion, decided: Decided[Goal], dimension: Dimension, span: Span
) -> dict[str, Reached]:
    found = await reached_by(connection, question, [decided.thing], span, ByValue(dimension))
    return {key[0]: numbers for key, (numbers,) in found.items() if key[0] or dimension.blank is not None}


def _in_order(found: Mapping[str, Reached]) -> list[str]:
    return sorted(found, key=lambda value: (-found[value].visitors, -found[value].conversions, value))


async def _values(
    connection: AsyncConnection,
    question: WebQuestion,
    dimension: Dimension,
    reached_with: Mapping[str, Reached],
    span: Span,
) -> list[ValueReached]:
    all_visitors = await _visitors_with(connection, question, dimension, list(reached_with), span)
    return [
        ValueReached(
            value=value,
            visitors=numbers.visitors,
            conversions=numbers.conversions,
            rate=percent(numbers.visitors, all_visitors.get(value, 0)),
            worth=money_of(numbers.worth),
        )
        for value, numbers in reached_with.items()
    ]


async def _steps(connection: AsyncConnection, question: WebQuestion, funnel: Funnel, span: Span) -> tuple[int, list[StepTaken]]:
    """Return the visitors of *span*, and how many of them took each step."""
    visitors = await count_visitors_in(connection, question, span)
    took = await visitors_by_step(connection, question, funnel, span)
    return visitors, _steps_of(funnel, took, visitors)


def _steps_of(funnel: Funnel, took: Sequence[int], visitors: int) -> list[StepTaken]:
    steps = []
    for number, step in enumerate(funnel.steps):
        before = took[number - 1] if number else visitors
        after = took[number + 1] if number + 1 < len(took) else took[number]
        steps.append(
            StepTaken(
                label=step.label or called(step.condition),
                visitors=took[number],
                rate=percent(took[number], visitors),
                of_first=percent(took[number], took[0]),
                of_previous=percent(took[number], before),
                dropped=took[number] - after,
            )
        )
    return steps


async def _visitors_with(
    connection: AsyncConnection, question: WebQuestion, dimension: Dimension, values: Sequence[str], span: Span
) -> dict[str, int]:
    """Count the visitors of *span* with each of *values*."""
    value = dimension.on(VISITS.c)
    kept = every([*visits_in(question, span), value.in_(values)])
    each = select(value.label("value")).where(kept).group_by(value, VISITS.c.day, VISITS.c.visitor).subquery("each_visitor")
    found = select(each.c.value, func.count()).group_by(each.c.value)
    return {row[0]: int(row[1]) for row in await connection.execute(found)} if values else {}
