"""The answers about goals and funnels: how each question about them is asked of the tables."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.goals import Funnel, Goal
from projections.query.counts import ByBucket, ByValue
from projections.query.dimensions import Dimension
from projections.query.goals.conversions import NEVER, Reached, reached, reached_by
from projections.query.goals.shown import (
    FunnelAnswer,
    Funnels,
    GoalAnswer,
    GoalBreakdown,
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
from projections.query.periods import edges
from projections.query.problems import not_found
from projections.query.question import WebQuestion
from projections.query.sums import Of
from projections.query.web.breakdown import count_visitors
from projections.read_models.visits import VISITS


async def goals_answer(connection: AsyncConnection, question: WebQuestion) -> Goals:
    """Answer *question* for every goal of the site."""
    decided = await goals_of(connection, question.caller, question.site)
    visitors = await count_visitors(connection, question)
    found = await reached(connection, question, [one.thing for one in decided], question.span)
    return Goals(
        site=question.site,
        since=question.span.since.astimezone(question.zone),
        until=question.span.until.astimezone(question.zone),
        visitors=visitors,
        goals=[_row(one, numbers, visitors) for one, numbers in zip(decided, found, strict=True)],
    )


async def goal_answer(connection: AsyncConnection, question: WebQuestion, decided: Decided[Goal]) -> GoalAnswer:
    """Answer *question* for one goal, as a whole and by bucket."""
    visitors = await count_visitors(connection, question)
    (whole,) = await reached(connection, question, [decided.thing], question.span)
    bounds = edges(question.days, question.zone, question.interval)
    found = await reached_by(connection, question, [decided.thing], question.span, ByBucket(bounds))
    return GoalAnswer(
        site=question.site,
        since=question.span.since.astimezone(question.zone),
        until=question.span.until.astimezone(question.zone),
        visitors=visitors,
        goal=_row(decided, whole, visitors),
        interval=question.interval,
        points=[
            _point(start.astimezone(question.zone), found.get((number,), [NEVER])[0])
            for number, (start, _) in enumerate(pairwise(bounds), start=1)
        ],
    )


async def goal_breakdown(
    connection: AsyncConnection, question: WebQuestion, decided: Decided[Goal], dimension: Dimension
) -> GoalBreakdown:
    """Answer *question* for one goal and each value of *dimension*, which is one of visits."""
    found = await reached_by(connection, question, [decided.thing], question.span, ByValue(dimension))
    named = [(key[0], numbers) for key, (numbers,) in found.items() if key[0] or dimension.blank is not None]
    named.sort(key=lambda pair: (-pair[1].visitors, -pair[1].conversions, pair[0]))
    offset = question.ordering.offset
    shown = named[offset : offset + question.limit]
    all_visitors = await _visitors_with(connection, question, dimension, [value for value, _ in shown])
    return GoalBreakdown(
        site=question.site,
        definition=goal_head(decided),
        dimension=dimension.name,
        rows=[
            ValueReached(
                value=value,
                visitors=numbers.visitors,
                conversions=numbers.conversions,
                rate=percent(numbers.visitors, all_visitors.get(value, 0)),
                worth=money_of(numbers.worth),
            )
            for value, numbers in shown
        ],
        more=len(named) > offset + len(shown),
    )


async def funnels_answer(connection: AsyncConnection, question: WebQuestion) -> Funnels:
    """Return the funnels of the site."""
    decided = await funnels_of(connection, question.caller, question.site)
    return Funnels(site=question.site, funnels=[funnel_head(one) for one in decided])


async def funnel_answer(connection: AsyncConnection, question: WebQuestion, decided: Decided[Funnel]) -> FunnelAnswer:
    """Answer *question* for one funnel."""
    visitors = await count_visitors(connection, question)
    took = await visitors_by_step(connection, question, decided.thing, question.span)
    return FunnelAnswer(
        site=question.site,
        since=question.span.since.astimezone(question.zone),
        until=question.span.until.astimezone(question.zone),
        visitors=visitors,
        definition=funnel_head(decided),
        steps=_steps(decided.thing, took, visitors),
        rate=percent(took[-1], visitors),
    )


def require_of_visit(dimension: Dimension) -> Dimension:
    """Return *dimension* where a visit has one value of it, or raise Refused."""
    if dimension.of is not Of.VISIT:
        raise not_found("A goal is told by what a visit has: its source, country, device, entry page and the like.")
    return dimension


def _row(decided: Decided[Goal], numbers: Reached, visitors: int) -> GoalRow:
    return GoalRow(
        definition=goal_head(decided),
        visitors=numbers.visitors,
        conversions=numbers.conversions,
        rate=percent(numbers.visitors, visitors),
        value=money_of(numbers.worth),
    )


def _point(start: datetime, numbers: Reached) -> GoalPoint:
    return GoalPoint(start=start, visitors=numbers.visitors, conversions=numbers.conversions, value=money_of(numbers.worth))


def _steps(funnel: Funnel, took: Sequence[int], visitors: int) -> list[StepTaken]:
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
    connection: AsyncConnection, question: WebQuestion, dimension: Dimension, values: Sequence[str]
) -> dict[str, int]:
    """Count the visitors of the period with each of *values*."""
    value = dimension.on(VISITS.c)
    kept = every([*visits_in(question, question.span), value.in_(values)])
    each = select(value.label("value")).where(kept).group_by(value, VISITS.c.day, VISITS.c.visitor).subquery("each_visitor")
    found = select(each.c.value, func.count()).group_by(each.c.value)
    return {row[0]: int(row[1]) for row in await connection.execute(found)} if values else {}
