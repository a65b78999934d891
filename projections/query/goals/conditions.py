"""Conditions of goals and steps as SQL: which pageviews and events fit one, and which visits such a fact lies in."""

import re
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Numeric, Text, and_, case, cast, false, func, literal, or_

from contracts.control.goals import Condition, PropertyCondition, PropertyTest
from projections.query.matching import LONGEST_VISIT, visits_in
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.query.sums import Columns
from projections.read_models.hits import HITS, Kind
from projections.read_models.visits import VISITS

# What a visit is reached, or a step is taken, by.
KINDS: Final = (Kind.PAGEVIEW, Kind.EVENT)
_ESCAPE: Final = "!"
_SPECIAL = re.compile(r"[!%_]")
_STARS = re.compile(r"\*+")
# A number as Postgres writes it, without an exponent, in at most as many digits as its expressions can count.
_IS_NUMBER: Final = r"^-?[0-9]{1,255}(\.[0-9]{1,255})?$"
_NUMBER = re.compile(_IS_NUMBER)


def fits(condition: Condition, hits: Columns) -> ColumnElement[bool]:
    """Return the condition that a row of *hits* is a pageview or an event as *condition* says; never unknown."""
    if condition.page is not None:
        return and_(hits.kind == int(Kind.PAGEVIEW), _is_path(condition.page, hits.path))
    if condition.event is None:
        return false()
    holds = (_has(each, hits.props) for each in condition.props)
    return and_(hits.kind == int(Kind.EVENT), hits.name == condition.event, *holds)


def any_of(conditions: Iterable[Condition], hits: Columns) -> ColumnElement[bool]:
    """Return the condition that a row of *hits* fits one of *conditions*."""
    return or_(false(), *(fits(condition, hits) for condition in conditions))


def in_kept_visits(question: WebQuestion, span: Span) -> list[ColumnElement[bool]]:
    """Return the conditions that join the VISITS of *span* that *question* keeps with the HITS that lie in them."""
    visits, hits = VISITS.c, HITS.c
    return [
        *visits_in(question, span),
        *(getattr(visits, name) == hits[name] for name in ("site_id", "visitor", "bot")),
        hits.occurred_at.between(visits.began_at, visits.ended_at),
        hits.occurred_at >= span.since,
        hits.occurred_at < span.until + LONGEST_VISIT,
        hits.kind.in_([int(kind) for kind in KINDS]),
    ]


def _is_path(pattern: str, path: ColumnElement[str]) -> ColumnElement[bool]:
    parts = _STARS.split(pattern)
    if len(parts) == 1:
        return path == pattern
    escaped = (_SPECIAL.sub(lambda found: _ESCAPE + found[0], part) for part in parts)
    return path.like("%".join(escaped), escape=_ESCAPE)


def _has(asked: PropertyCondition, props: ColumnElement[Any]) -> ColumnElement[bool]:
    said: ColumnElement[str] = cast(func.jsonb_extract_path_text(props, asked.name), Text)
    return func.coalesce(_passes(asked, said), false())


def _passes(asked: PropertyCondition, said: ColumnElement[str]) -> ColumnElement[bool]:
    match asked.test:
        case PropertyTest.IS:
            return _is(asked.value, said)
        case PropertyTest.IS_NOT:
            return ~_is(asked.value, said)
        case PropertyTest.CONTAINS:
            return func.strpos(said, asked.value) > 0
        case PropertyTest.AT_LEAST:
            return _as_number(said) >= _number(asked.value)
        case PropertyTest.AT_MOST:
            return _as_number(said) <= _number(asked.value)
    return false()


def _is(value: str, said: ColumnElement[str]) -> ColumnElement[bool]:
    if _NUMBER.fullmatch(value) is None:
        return said == value
    # 10 and 10.0 are one number.
    return or_(said == value, func.coalesce(_as_number(said) == _number(value), false()))


def _as_number(said: ColumnElement[str]) -> ColumnElement[Any]:
    return case((said.regexp_match(_IS_NUMBER), cast(said, Numeric)))


def _number(value: str) -> ColumnElement[Any]:
    return cast(literal(value, Text), Numeric)
