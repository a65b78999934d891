"""Joining the visits that a question keeps with the facts that lie in them, in a way that is never quadratic."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Subquery, and_, select

from contracts.control.goals import Condition
from projections.query.goals.conditions import KINDS, any_of, fits
from projections.query.matching import LONGEST_VISIT, every, visits_in
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.read_models.hits import HITS, NOBODY, site_number
from projections.read_models.visits import VISITS

_WHO: Final = ("day", "visitor", "bot")


def facts_in_visits(
    question: WebQuestion, span: Span, conditions: Sequence[Condition], *names: str, labels: Sequence[Any] = ()
) -> Subquery:
    """Return the facts that fit any of *conditions*, ``fits_0`` and so on saying which, in the visits that *question* keeps.

    Each is of a ``day``, a ``visitor`` and ``bot``, has the columns of HITS that *names* name and its ``occurred_at``, and the
    *labels*, which are of VISITS.
    """
    visits = select(*(VISITS.c[name] for name in (*_WHO, "began_at", "ended_at")), *labels)
    kept = visits.where(every(visits_in(question, span))).subquery("kept")
    theirs = _facts(question, span, conditions, names)
    # In a month that nobody has analysed yet Postgres expects one row of everything, and then takes the loop that looks through
    # all visits for each fact. A full join it can only hash or merge, as long as it does not see that one side is asked for.
    same = and_(*(kept.c[name] == theirs.c[name] for name in _WHO))
    columns = [*kept.c, *(column for column in theirs.c if column.name not in _WHO)]
    both = select(*columns).select_from(kept.join(theirs, same, full=True)).offset(0).subquery("both")
    return select(*both.c).where(both.c.occurred_at.between(both.c.began_at, both.c.ended_at)).subquery("facts")


def _facts(question: WebQuestion, span: Span, conditions: Sequence[Condition], names: Sequence[str]) -> Subquery:
    hits = HITS.c
    says = [fits(condition, hits).label(f"fits_{number}") for number, condition in enumerate(conditions)]
    return (
        select(*(hits[name] for name in (*_WHO, "occurred_at", *names)), *says)
        .where(
            hits.site_id == site_number(question.caller.tenant, question.site),
            hits.occurred_at >= span.since,
            hits.occurred_at < span.until + LONGEST_VISIT,
            hits.kind.in_([int(kind) for kind in KINDS]),
            hits.visitor != NOBODY,
            any_of(conditions, hits),
        )
        .subquery("theirs")
    )
