"""Steps: how far visitors come in a funnel, computed in one pass over the facts of the visits that a question keeps.

The facts of one visitor on one UTC day are looked at in the order of their times, and of their ids where two have one time. A
step is taken by a fact behind the one that took the step before, not by the same, and within the funnel's window of the first
step's. Of several beginnings the one counts that leads furthest.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, Select, Subquery, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.goals import Funnel
from projections.query.goals.conditions import any_of, fits, in_kept_visits
from projections.query.goals.joining import joined_at_once
from projections.query.matching import every
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.read_models.hits import HITS
from projections.read_models.visits import VISITS

_WHO = ("day", "visitor", "bot")
_WHEN = ("occurred_at", "event_id")


async def visitors_by_step(connection: AsyncConnection, question: WebQuestion, funnel: Funnel, span: Span) -> list[int]:
    """Return how many visitors took each step of *funnel* in the visits of *span* that *question* keeps."""
    async with joined_at_once(connection):
        row = (await connection.execute(_furthest(question, funnel, span))).one()
    return [int(number) for number in row]


def _furthest(question: WebQuestion, funnel: Funnel, span: Span) -> Select[Any]:
    chain = _facts(question, funnel, span)
    window = literal(timedelta(seconds=funnel.window_seconds), Interval)
    for number in range(1, len(funnel.steps)):
        chain = _followed(chain, number, window)
    taken = [func.bool_or(chain.c[f"began_{number}"].is_not(None)).label(f"took_{number}") for number in _numbers(funnel)]
    each = select(*taken).group_by(*(chain.c[name] for name in _WHO[:2])).subquery("each_visitor")
    numbers: list[Any] = [func.count().filter(each.c[one.name]) for one in taken]
    return select(*numbers)


def _numbers(funnel: Funnel) -> range:
    return range(len(funnel.steps))


def _facts(question: WebQuestion, funnel: Funnel, span: Span) -> Subquery:
    """Return the facts that take any step, each with the steps that it can take, and with its time where it can begin."""
    hits = HITS.c
    takes = [fits(step.condition, hits) for step in funnel.steps]
    return (
        select(
            *(hits[name].label(name) for name in (*_WHO, *_WHEN)),
            *(takes[number].label(f"takes_{number}") for number in _numbers(funnel)[1:]),
            case((takes[0], hits.occurred_at)).label("began_0"),
        )
        .select_from(VISITS)
        .where(every([*in_kept_visits(question, span), any_of((step.condition for step in funnel.steps), hits)]))
        .subquery("facts")
    )


def _followed(chain: Subquery, number: int, window: ColumnElement[timedelta]) -> Subquery:
    """Return *chain* with, of each fact that takes the step *number*, when the newest beginning was that leads to it."""
    columns = chain.c
    before = func.max(columns[f"began_{number - 1}"]).over(
        partition_by=[columns[name] for name in _WHO], order_by=[columns[name] for name in _WHEN], rows=(None, -1)
    )
    # The newest beginning has the most time left, so no older one leads further.
    takes = columns[f"takes_{number}"] & (columns.occurred_at - before <= window)
    return select(*columns, case((takes, before)).label(f"began_{number}")).subquery(f"step_{number}")
