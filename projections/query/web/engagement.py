"""Engagement: what visitors did beside coming: events, conversions, for how long and how deep they read; also by page."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.counts import ByValue, counts, counts_for
from projections.query.dimensions import DIMENSION_NAMED
from projections.query.documents import as_changes, as_numbers, document, list_of
from projections.query.matching import every, hits_in
from projections.query.metrics import FURTHER, OF_PAGE, Numbers
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.query.sums import BOUNCES, ENGAGED_MS, VISITS
from projections.query.web.breakdown import breakdown, count_everybody
from projections.read_models.hits import HITS, NOBODY, Kind

_PAGE, _ENTRY, _EXIT = (DIMENSION_NAMED[name] for name in ("page", "entry_page", "exit_page"))
_NOTHING = {"visits": 0, "bounces": 0, "exits": 0, "engaged_ms": 0, "deepest": 0, "scrolled": 0}


class Engagement(Struct, frozen=True, kw_only=True):
    """The answer: the numbers of the period, and of what it is compared with, if anything, those and how each has moved."""

    site: str
    numbers: Numbers
    previous: Numbers | None
    change: Numbers | None


class PageRow(Struct, frozen=True, kw_only=True):
    """One page: who saw it how often, and the numbers of OF_PAGE."""

    page: str
    visitors: int
    pageviews: int
    numbers: Numbers


class Pages(Struct, frozen=True, kw_only=True):
    """The answer: at most as many pages as were asked for, those with most visitors first, and whether there are more."""

    site: str
    rows: list[PageRow]
    more: bool


_CHANGE = document("EngagementChange", "How each number moved, in percent or in points.", as_changes(FURTHER))
_PREVIOUS = document("EngagementBefore", "The numbers of what the period is compared with.", as_numbers(FURTHER))
DOCUMENT = document(
    "Engagement",
    "What visitors did beside coming; null is a mean over nothing.",
    [
        *as_numbers(FURTHER),
        ("site", str),
        ("previous", _PREVIOUS | None),
        ("change", _CHANGE | None),
        ("as_of", datetime | None),
    ],
)
_ROW = document("PageRow", "One page.", [("page", str), ("visitors", int), ("pageviews", int), *as_numbers(OF_PAGE)])
PAGES_DOCUMENT = document(
    "Pages",
    "At most ``limit`` pages, and whether there are more.",
    [("site", str), ("rows", list_of(_ROW)), ("more", bool), ("as_of", datetime | None)],
)


async def engagement(connection: AsyncConnection, question: WebQuestion) -> Engagement:
    """Answer *question* in the numbers of FURTHER."""
    current = await _numbers(connection, question, question.span)
    if question.other is None:
        return Engagement(site=question.site, numbers=current, previous=None, change=None)
    previous = await _numbers(connection, question, question.other)
    return Engagement(
        site=question.site,
        numbers=current,
        previous=previous,
        change={one.name: one.change(current[one.name], previous[one.name]) for one in FURTHER},
    )


async def pages(connection: AsyncConnection, question: WebQuestion) -> Pages:
    """Answer *question* for each page."""
    found = await breakdown(connection, question, _PAGE, visitors=0)
    measured = await _of_pages(connection, question, [row.value for row in found.rows])
    rows = []
    for row in found.rows:
        pageviews = int(row.numbers["pageviews"] or 0)
        sums = measured[row.value] | {"pageviews": pageviews}
        numbers = {one.name: one.formula(sums) for one in OF_PAGE}
        rows.append(PageRow(page=row.value, visitors=row.visitors, pageviews=pageviews, numbers=numbers))
    return Pages(site=question.site, rows=rows, more=found.more)


def to_document(answer: Engagement, as_of: datetime | None) -> Any:
    """Return *answer* as the API writes it."""
    return DOCUMENT(
        **answer.numbers,
        site=answer.site,
        previous=_PREVIOUS(**answer.previous) if answer.previous else None,
        change=_CHANGE(**answer.change) if answer.change else None,
        as_of=as_of,
    )


def pages_to_document(answer: Pages, as_of: datetime | None) -> Any:
    """Return *answer* as the API writes it."""
    rows = [_ROW(page=row.page, visitors=row.visitors, pageviews=row.pageviews, **row.numbers) for row in answer.rows]
    return PAGES_DOCUMENT(site=answer.site, rows=rows, more=answer.more, as_of=as_of)


async def _numbers(connection: AsyncConnection, question: WebQuestion, span: Span) -> Numbers:
    sums = (await counts_for(connection, question, span, FURTHER))[()]
    everybody = await count_everybody(connection, question, span)
    # Who is known by an event alone came in a visit that began before the span.
    converted = {"converted": min(sums["converted"], everybody), "all_visitors": everybody}
    scrolled = (await _scrolled(connection, question, span))[""]
    return {one.name: one.formula({**sums, **scrolled, **converted}) for one in FURTHER}


async def _of_pages(
    connection: AsyncConnection, question: WebQuestion, paths: Sequence[str]
) -> defaultdict[str, dict[str, int]]:
    measured: defaultdict[str, dict[str, int]] = defaultdict(_NOTHING.copy)
    if not paths:
        return measured
    span, only = question.span, tuple(paths)
    for row in await counts(connection, question, span, [VISITS, BOUNCES], ByValue(_ENTRY, among=only)):
        measured[row.key[0]].update(row.sums)
    for row in await counts(connection, question, span, [VISITS], ByValue(_EXIT, among=only)):
        measured[row.key[0]]["exits"] = row.sums["visits"]
    for row in await counts(connection, question, span, [ENGAGED_MS], ByValue(_PAGE, among=only)):
        measured[row.key[0]].update(row.sums)
    for path, sums in (await _scrolled(connection, question, span, only)).items():
        measured[path].update(sums)
    return measured


async def _scrolled(
    connection: AsyncConnection, question: WebQuestion, span: Span, paths: Sequence[str] | None = None
) -> defaultdict[str, dict[str, int]]:
    """Return, by path, how deep pages were scrolled: the sum of each visitor's deepest, and how many these are.

    The deepest does not ask in which order reports came, or in how many pieces. Without *paths* all are one, under "".
    """
    hits = HITS.c
    conditions = [*hits_in(question, span, Kind.ENGAGEMENT), hits.scroll_percent > 0, hits.visitor != NOBODY]
    if paths is not None:
        conditions.append(hits.path.in_(paths))
    deepest = (
        select(hits.path, func.max(hits.scroll_percent).label("deepest"))
        .where(every(conditions))
        .group_by(hits.day, hits.visitor, hits.path)
        .subquery("deepest")
    )
    added = select(func.coalesce(func.sum(deepest.c.deepest), 0), func.count())
    query = added.select_from(deepest) if paths is None else added.add_columns(deepest.c.path).group_by(deepest.c.path)
    found: defaultdict[str, dict[str, int]] = defaultdict(lambda: {"deepest": 0, "scrolled": 0})
    for total, count, *path in await connection.execute(query):
        found["".join(path)] = {"deepest": int(total), "scrolled": int(count)}
    return found
