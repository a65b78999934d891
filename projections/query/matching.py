"""Which visits and which hits a question counts: the one place where filters become conditions.

A filter by what a visit has (source, country, entry page) keeps the visits that have it. A filter by what a hit has (page,
event, hostname, bot) keeps the visits that contain such a hit. Hits count when their visit is kept; and when they themselves
have the page, hostname or bot that was asked for; and, if they are events, the name that was asked for.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, timedelta
from typing import TypeAlias

from msgspec import Struct
from sqlalchemy import ColumnElement, FromClause, and_, exists, or_, true

from projections.query.dimensions import Dimension
from projections.query.filters import Filter
from projections.query.operators import Operator, condition
from projections.query.parameters import Who
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.query.sums import Columns, Of
from projections.read_models.hits import HITS, Kind
from projections.read_models.visits import VISITS

Condition: TypeAlias = ColumnElement[bool]

# A visit ends with the UTC day on which it began.
LONGEST_VISIT = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)


class _Wanted(Struct, frozen=True):
    """All filters by one dimension that compare alike and point the same way; their values are alternatives."""

    dimension: Dimension
    negated: bool
    operator: Operator
    values: tuple[str, ...]

    def on(self, columns: Columns) -> Condition:
        """Return the condition that a row has one of the values, whichever way the filter points."""
        return condition(self.dimension.on(columns), self.operator, self.values)


def keeps_single_views(question: WebQuestion) -> bool:
    """Say whether of a visit that is kept only some pageviews count: those with the page, hostname or bot of a filter."""
    return any(_implied_by_hit(wanted) for wanted in _grouped(question.filters))


def visits_in(question: WebQuestion, span: Span) -> list[Condition]:
    """Return the conditions for the visits that began in *span* and that the question keeps."""
    visits = VISITS.c
    return [
        *_of_sites(question, visits),
        *_began_in(span, visits),
        *(_kept(wanted, span) for wanted in _grouped(question.filters)),
    ]


def hits_in(question: WebQuestion, span: Span, *kinds: Kind) -> list[Condition]:
    """Return the conditions for the hits of these *kinds* that happened in *span* and that the question keeps."""
    hits = HITS.c
    wanted = _grouped(question.filters)
    return [
        *_of_sites(question, hits),
        hits.kind.in_([int(kind) for kind in kinds]),
        hits.occurred_at >= span.since,
        hits.occurred_at < span.until,
        *(_itself(one, hits) for one in wanted if _speaks_of_hits(one)),
        *_in_kept_visit(span, kinds, [one for one in wanted if not _implied_by_hit(one)]),
    ]


def _began_in(span: Span, visits: Columns) -> list[Condition]:
    # A visit is of the UTC day on which it began: by the day, months and what lies before them in the index are left out.
    last = (span.until - _MOMENT).astimezone(UTC).date()
    return [
        visits.day >= span.since.astimezone(UTC).date(),
        visits.day <= last,
        visits.began_at >= span.since,
        visits.began_at < span.until,
    ]


def _of_sites(question: WebQuestion, columns: Columns) -> list[Condition]:
    asked = [columns.tenant == question.caller.tenant]
    if question.sites:
        asked.append(columns.site.in_(question.sites) if len(question.sites) > 1 else columns.site == question.site)
    elif question.caller.sites is not None:
        asked.append(columns.site.in_(sorted(question.caller.sites)))
    if question.who is Who.ALL:
        return asked
    return [*asked, columns.bot.is_(question.who is Who.BOT)]


def _grouped(filters: Iterable[Filter]) -> list[_Wanted]:
    alike: dict[tuple[str, bool, Operator], list[Filter]] = defaultdict(list)
    for one in filters:
        alike[one.dimension.name, one.negated, one.operator].append(one)
    return [
        _Wanted(same[0].dimension, same[0].negated, same[0].operator, tuple(one.value for one in same))
        for same in alike.values()
    ]


def _speaks_of_hits(wanted: _Wanted) -> bool:
    return wanted.dimension.of is Of.HIT and not wanted.negated


def _implied_by_hit(wanted: _Wanted) -> bool:
    # A hit with the page lies in a visit with the page; an event's name says so about events only.
    return _speaks_of_hits(wanted) and wanted.dimension.kind is Kind.PAGEVIEW


def _itself(wanted: _Wanted, hits: Columns) -> Condition:
    if wanted.dimension.kind is Kind.PAGEVIEW:
        return wanted.on(hits)
    return or_(hits.kind != int(wanted.dimension.kind), wanted.on(hits))


def _kept(wanted: _Wanted, span: Span) -> Condition:
    has = wanted.on(VISITS.c) if wanted.dimension.of is Of.VISIT else _contains(wanted, VISITS.c, span)
    return ~has if wanted.negated else has


def _contains(wanted: _Wanted, visits: Columns, span: Span) -> Condition:
    inner = HITS.alias("contained")
    return exists().where(
        *_same_visitor(visits, inner),
        inner.c.kind.in_([int(kind) for kind in wanted.dimension.kinds]),
        inner.c.occurred_at.between(visits.began_at, visits.ended_at),
        inner.c.occurred_at >= span.since,
        inner.c.occurred_at < span.until + LONGEST_VISIT,
        wanted.on(inner.c),
    )


def _in_kept_visit(span: Span, kinds: Iterable[Kind], wanted: list[_Wanted]) -> list[Condition]:
    if not wanted:
        return []
    began = Span(span.since - LONGEST_VISIT, span.until)
    visits = VISITS.c
    return [
        exists().where(
            *within(visits, HITS, began, kinds),
            *(_kept(one, began) for one in wanted),
        )
    ]


def within(visits: Columns, hits: FromClause, began: Span, kinds: Iterable[Kind]) -> list[Condition]:
    """Return the conditions that one of *hits*, of these *kinds*, lies within a visit that began in the span *began*."""
    # What is said of the time on a visit's last page comes behind its last pageview or event, where an index has the end.
    end = visits.closed_at if Kind.ENGAGEMENT in kinds else visits.ended_at
    return [
        *_same_visitor(visits, hits),
        hits.c.occurred_at.between(visits.began_at, end),
        *_began_in(began, visits),
    ]


def _same_visitor(visits: Columns, hits: FromClause) -> list[Condition]:
    return [getattr(visits, name) == hits.c[name] for name in ("site_id", "visitor", "bot")]


def every(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that all *conditions* hold."""
    return and_(true(), *conditions)
