"""The breakdown: the numbers of a period for each value of one dimension, the greatest first."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Select, collate, desc
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.dimensions import Dimension, Of
from projections.query.matching import hits_in, visits_in
from projections.query.question import Question
from projections.query.tally import hit_tally, percent, to_visit_tally, visit_tally
from projections.read_models.hits import HITS, Kind
from projections.read_models.visits import VISITS


class Row(Struct, frozen=True, kw_only=True):
    """One value; an empty one means not known. Visits have ``visits`` and means, pages ``pageviews``, events ``events``."""

    value: str
    visitors: int
    share: float
    visits: int | UnsetType = UNSET
    bounce_rate: float | UnsetType | None = UNSET
    visit_duration: int | UnsetType | None = UNSET
    pageviews: int | UnsetType = UNSET
    events: int | UnsetType = UNSET


class Breakdown(Struct, frozen=True, kw_only=True):
    """The answer: at most ``limit`` rows, whether there are more, and the visitors that the shares are parts of."""

    site: str
    dimension: str
    visitors: int
    rows: list[Row]
    more: bool
    as_of: datetime | None = None


async def count_visitors(connection: AsyncConnection, question: Question) -> int:
    """Count the visitors that the shares of every breakdown of *question* are parts of."""
    return int((await connection.execute(visit_tally(visits_in(question, question.span)))).one().visitors)


async def breakdown(connection: AsyncConnection, question: Question, dimension: Dimension, *, visitors: int) -> Breakdown:
    """Answer *question* for each value of *dimension*; *visitors* is what count_visitors() says."""
    found = (await connection.execute(_largest(question, dimension))).all()
    row_of = _visit_row if dimension.of is Of.VISIT else _hit_row
    return Breakdown(
        site=question.site,
        dimension=dimension.name,
        visitors=visitors,
        rows=[row_of(row, dimension, visitors) for row in found[: question.limit]],
        more=len(found) > question.limit,
    )


def _largest(question: Question, dimension: Dimension) -> Select[Any]:
    columns = VISITS.c if dimension.of is Of.VISIT else HITS.c
    value = dimension.on(columns)
    named = [] if dimension.blank is not None else [value != ""]
    if dimension.of is Of.VISIT:
        query, second = visit_tally([*visits_in(question, question.span), *named], value.label("value")), "visits"
    else:
        query, second = hit_tally([*hits_in(question, question.span, dimension.kind), *named], value.label("value")), "hits"
    by_value = collate(query.selected_columns.value, "C")
    return query.order_by(desc("visitors"), desc(second), by_value).limit(question.limit + 1)


def _visit_row(row: Any, _: Dimension, visitors: int) -> Row:
    tally = to_visit_tally(row)
    return Row(
        value=row.value,
        visitors=tally.visitors,
        share=_share(tally.visitors, visitors),
        visits=tally.visits,
        bounce_rate=tally.bounce_rate,
        visit_duration=tally.visit_duration,
    )


def _hit_row(row: Any, dimension: Dimension, visitors: int) -> Row:
    share = _share(row.visitors, visitors)
    if dimension.kind is Kind.EVENT:
        return Row(value=row.value, visitors=row.visitors, share=share, events=row.hits)
    return Row(value=row.value, visitors=row.visitors, share=share, pageviews=row.hits)


def _share(part: int, visitors: int) -> float:
    # Who saw a page in a visit that began before the period is not among its visitors.
    return min(percent(part, visitors), 100.0)
