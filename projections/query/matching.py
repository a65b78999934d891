"""Which visits and which hits a question counts: the one place where filters become conditions.

A filter by what a visit has (source, country, entry page) keeps the visits that have it. A filter by what a hit has (page,
event, hostname, bot) keeps the visits that contain such a hit. Hits count when their visit is kept; and when they themselves
have the page, hostname or bot that was asked for; and, if they are events, the name that was asked for.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, timedelta
from typing import Any, Protocol, TypeAlias

from msgspec import Struct
from sqlalchemy import ColumnElement, FromClause, ScalarSelect, and_, exists, false, or_, select, true

from projections.query.dimensions import Dimension
from projections.query.filters import Filter
from projections.query.numbered import Sites, holds, taken_by
from projections.query.operators import Operator, condition
from projections.query.parameters import Who
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.query.sums import Columns, Of
from projections.read_models.dictionaries import SITE_IDS
from projections.read_models.hits import HITS, Kind
from projections.read_models.visits import VISITS

Condition: TypeAlias = ColumnElement[bool]

# A visit ends with the UTC day on which it began.
LONGEST_VISIT = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)


class Wanted(Protocol):
    """What is wanted of one dimension, or not wanted."""

    @property
    def dimension(self) -> Dimension:
        """Return the dimension that is spoken of."""

    @property
    def negated(self) -> bool:
        """Say whether what has it is left out."""

    def on(self, columns: Columns, sites: Sites) -> Condition:
        """Return the condition that a row, which is of *sites*, has it, whichever way it points."""


class _Wanted(Struct, frozen=True):
    """All filters by one dimension that compare alike and point the same way; their values are alternatives."""

    dimension: Dimension
    negated: bool
    operator: Operator
    values: tuple[str, ...]

    def on(self, columns: Columns, sites: Sites) -> Condition:
        """Return the condition that a row has one of the values, whichever way the filter points."""

        def passes(text: ColumnElement[Any]) -> Condition:
            return condition(text, self.operator, self.values)

        return holds(self.dimension, columns, sites, passes, takes=taken_by(self.operator, self.values))


def keeps_single_views(question: WebQuestion) -> bool:
    """Say whether of a visit that is kept only some pageviews count: those with the page, hostname or bot of a filter."""
    return any(_implied_by_hit(wanted) for wanted in _grouped(question.filters))


def keeps_hits_by_themselves(question: WebQuestion, kinds: Collection[Kind]) -> bool:
    """Say whether of the hits of these *kinds* in a visit that is kept only some count: those that have what a filter names."""
    wanted = _grouped(question.filters)
    return any(_implied_by_hit(one) or (_speaks_of_hits(one) and one.dimension.kind in kinds) for one in wanted)


def visits_in(question: WebQuestion, span: Span) -> list[Condition]:
    """Return the conditions for the visits that began in *span* and that the question keeps."""
    visits = VISITS.c
    return [
        *_of_sites(question, visits),
        *began_in(span, visits),
        *(_kept(wanted, span, sites_of(question)) for wanted in _grouped(question.filters)),
    ]


def hits_in(question: WebQuestion, span: Span, *kinds: Kind) -> list[Condition]:
    """Return the conditions for the hits of these *kinds* that happened in *span* and that the question keeps."""
    hits, sites = HITS.c, sites_of(question)
    wanted = _grouped(question.filters)
    return [
        *_of_sites(question, hits),
        hits.kind.in_([int(kind) for kind in kinds]),
        hits.occurred_at >= span.since,
        hits.occurred_at < span.until,
        *(_itself(one, hits, sites) for one in wanted if _speaks_of_hits(one)),
        *_in_kept_visit(span, kinds, [one for one in wanted if not _implied_by_hit(one)], sites),
    ]


def visit_has(wanted: Wanted, span: Span, sites: Sites) -> Condition:
    """Return the condition for the visits of *sites* that *wanted* keeps, of those that began in *span*."""
    return _kept(wanted, span, sites)


def hit_counts(wanted: Wanted, span: Span, kinds: Sequence[Kind], sites: Sites) -> Condition:
    """Return the condition for the hits of *sites* that *wanted* keeps, of these *kinds*, that happened in *span*."""
    itself = [_itself(wanted, HITS.c, sites)] if _speaks_of_hits(wanted) else []
    return every([*itself, *_in_kept_visit(span, kinds, [] if _implied_by_hit(wanted) else [wanted], sites)])


def seen_counts(wanted: Wanted, span: Span, seen: Columns, sites: Sites) -> Condition:
    """Return the same for hits among *seen*, each of which stands beside its visit, one that began in *span*."""
    itself = [_itself(wanted, seen, sites)] if _speaks_of_hits(wanted) else []
    return every([*itself, *([] if _implied_by_hit(wanted) else [_kept(wanted, span, sites)])])


def began_in(span: Span, visits: Columns) -> list[Condition]:
    """Return the conditions for those of *visits* that began in *span*."""
    # A visit is of the UTC day on which it began: by the day, months and what lies before them in the index are left out.
    last = (span.until - _MOMENT).astimezone(UTC).date()
    return [
        visits.day >= span.since.astimezone(UTC).date(),
        visits.day <= last,
        visits.began_at >= span.since,
        visits.began_at < span.until,
    ]


def _of_sites(question: WebQuestion, columns: Columns) -> list[Condition]:
    theirs = columns.site_id == _site(question) if len(question.sites) == 1 else columns.site_id.in_(sites_of(question))
    return [theirs] if question.who is Who.ALL else [theirs, columns.bot.is_(question.who is Who.BOT)]


def _site(question: WebQuestion) -> ScalarSelect[int] | int:
    # By its number: the planner knows how many facts a site has, where it sees which one, and nothing of how many a name has.
    sites = sites_of(question)
    return sites[0] if isinstance(sites, tuple) else sites.scalar_subquery()


def sites_of(question: WebQuestion) -> Sites:
    """Return the numbers of the sites that *question* is about."""
    if question.number is not None:
        return (question.number,)
    asked = select(SITE_IDS.c.id).where(SITE_IDS.c.tenant == question.caller.tenant)
    if question.sites:
        return asked.where(SITE_IDS.c.site.in_(question.sites))
    return asked if question.caller.sites is None else asked.where(SITE_IDS.c.site.in_(sorted(question.caller.sites)))


def _grouped(filters: Iterable[Filter]) -> list[_Wanted]:
    alike: dict[tuple[str, bool, Operator], list[Filter]] = defaultdict(list)
    for one in filters:
        alike[one.dimension.name, one.negated, one.operator].append(one)
    return [
        _Wanted(same[0].dimension, same[0].negated, same[0].operator, tuple(one.value for one in same))
        for same in alike.values()
    ]


def _speaks_of_hits(wanted: Wanted) -> bool:
    return wanted.dimension.of is Of.HIT and not wanted.negated


def _implied_by_hit(wanted: Wanted) -> bool:
    # A hit with the page lies in a visit with the page; an event's name says so about events only.
    return _speaks_of_hits(wanted) and wanted.dimension.kind is Kind.PAGEVIEW


def _itself(wanted: Wanted, hits: Columns, sites: Sites) -> Condition:
    if wanted.dimension.kind is Kind.PAGEVIEW:
        return wanted.on(hits, sites)
    return or_(hits.kind != int(wanted.dimension.kind), wanted.on(hits, sites))


def _kept(wanted: Wanted, span: Span, sites: Sites) -> Condition:
    has = wanted.on(VISITS.c, sites) if wanted.dimension.of is Of.VISIT else _contains(wanted, VISITS.c, span, sites)
    return ~has if wanted.negated else has


def _contains(wanted: Wanted, visits: Columns, span: Span, sites: Sites) -> Condition:
    inner = HITS.alias("contained")
    return exists().where(
        *same_visitor(visits, inner),
        inner.c.kind.in_([int(kind) for kind in wanted.dimension.kinds]),
        inner.c.occurred_at.between(visits.began_at, visits.ended_at),
        inner.c.occurred_at >= span.since,
        inner.c.occurred_at < span.until + LONGEST_VISIT,
        wanted.on(inner.c, sites),
    )


def _in_kept_visit(span: Span, kinds: Sequence[Kind], wanted: Sequence[Wanted], sites: Sites) -> list[Condition]:
    if not wanted:
        return []
    return [hit_of_visit(lambda began: every(_kept(one, began, sites) for one in wanted), span, kinds)]


def hit_of_visit(kept: Callable[[Span], Condition], span: Span, kinds: Sequence[Kind]) -> Condition:
    """Return the condition for the hits of these *kinds* in *span* whose visit is *kept*.

    That is told when such visits can have begun.
    """
    began = Span(span.since - LONGEST_VISIT, span.until)
    visits = VISITS.c
    return exists().where(*within(visits, HITS, began, kinds), kept(began))


def within(visits: Columns, hits: FromClause, began: Span, kinds: Iterable[Kind]) -> list[Condition]:
    """Return the conditions that one of *hits*, of these *kinds*, lies within a visit that began in the span *began*."""
    # What is said of the time on a visit's last page comes behind its last pageview or event, where an index has the end.
    end = visits.closed_at if Kind.ENGAGEMENT in kinds else visits.ended_at
    return [
        *same_visitor(visits, hits),
        hits.c.occurred_at.between(visits.began_at, end),
        *began_in(began, visits),
    ]


def same_visitor(visits: Columns, hits: FromClause) -> list[Condition]:
    """Return the conditions that a visit and a hit are of the same visitor."""
    return [getattr(visits, name) == hits.c[name] for name in ("site_id", "visitor", "bot")]


def every(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that all *conditions* hold."""
    return and_(true(), *conditions)


def any_of(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that one of *conditions* holds, false where there are none."""
    return or_(false(), *conditions)
