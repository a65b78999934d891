"""The filter by a goal: ``goal:paid-plan`` keeps the visits that have reached it, ``goal!:paid-plan`` those that have not."""

from collections import defaultdict
from typing import Any, Final

from msgspec import structs
from sqlalchemy import case, literal
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.goals import Goal
from projections.query.dimensions import Dimension
from projections.query.filters import Filter
from projections.query.goals.conditions import fits
from projections.query.goals.targets import goal_named
from projections.query.kept_by import GOAL
from projections.query.problems import Refused, bad_parameter
from projections.query.question import WebQuestion
from projections.query.sums import Columns


class ReachedGoal(Dimension, frozen=True, kw_only=True):
    """Which of ``goals`` a fact reaches: the first of them, by its short name; other facts reach "", which is none."""

    goals: tuple[Goal, ...]

    def on(self, table_columns: Columns) -> Any:
        """Return the short name of the goal that a row reaches."""
        reached = ((fits(goal.condition, table_columns), literal(goal.goal)) for goal in self.goals)
        return case(*reached, else_=literal(""))


_FIELDS: Final = Dimension.__struct_fields__


async def with_goals(connection: AsyncConnection, question: WebQuestion) -> WebQuestion:
    """Return *question* with the goals of its filters as they are defined now; raise Refused where there is no such goal."""
    if all(one.dimension.name != GOAL.name for one in question.filters):
        return question
    goals: dict[tuple[Any, ...], list[Goal]] = defaultdict(list)
    for one in question.filters:
        if one.dimension.name == GOAL.name:
            goals[_alternatives(one)].append(await _goal(connection, question, one))
    resolved = {
        key: ReachedGoal(**{name: getattr(GOAL, name) for name in _FIELDS}, goals=tuple(same)) for key, same in goals.items()
    }
    filters = (
        structs.replace(one, dimension=resolved[_alternatives(one)]) if one.dimension.name == GOAL.name else one
        for one in question.filters
    )
    return structs.replace(question, filters=tuple(filters))


def _alternatives(one: Filter) -> tuple[Any, ...]:
    """Return what filters have in common that are alternatives to *one*: a fact that reaches several goals fits any of them."""
    return tuple(getattr(one, name) for name in Filter.__struct_fields__ if name not in ("dimension", "value"))


async def _goal(connection: AsyncConnection, question: WebQuestion, one: Filter) -> Goal:
    try:
        return (await goal_named(connection, question.caller, question.site, one.value)).thing
    except Refused:
        raise bad_parameter("filter", "The site has no such goal. Name one that is defined, or leave the filter out.") from None
