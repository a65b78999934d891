"""The overview: the metrics of a period, the same of the period before, and the change between them."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.counts import counts_for
from projections.query.documents import as_changes, as_numbers, document
from projections.query.metrics import METRICS, Numbers
from projections.query.periods import Span
from projections.query.question import WebQuestion


class Overview(Struct, frozen=True, kw_only=True):
    """The answer: the numbers of the period, those of the one before it, and how they moved; moments in local time."""

    site: str
    since: datetime
    until: datetime
    numbers: Numbers
    previous_since: datetime
    previous_until: datetime
    previous: Numbers
    change: Numbers


_CHANGE = document(
    "Change",
    "How each number moved, in percent (one that is a percentage in points); null where there is nothing to compare with.",
    as_changes(),
)
_PREVIOUS = document("Previous", "The numbers of the span before.", [*as_numbers(), ("since", datetime), ("until", datetime)])
DOCUMENT = document(
    "Overview",
    "The numbers of the period, those of the one before it, and how they moved; null is a mean over no visits.",
    [
        *as_numbers(),
        ("site", str),
        ("since", datetime),
        ("until", datetime),
        ("previous", _PREVIOUS),
        ("change", _CHANGE),
        ("as_of", datetime | None),
    ],
)


async def overview(connection: AsyncConnection, question: WebQuestion) -> Overview:
    """Answer *question* in the numbers of METRICS."""
    span, before, zone = question.span, question.previous, question.zone
    current = await _numbers(connection, question, span)
    previous = await _numbers(connection, question, before)
    return Overview(
        site=question.site,
        since=span.since.astimezone(zone),
        until=span.until.astimezone(zone),
        numbers=current,
        previous_since=before.since.astimezone(zone),
        previous_until=before.until.astimezone(zone),
        previous=previous,
        change={metric.name: metric.change(current[metric.name], previous[metric.name]) for metric in METRICS},
    )


def to_document(answer: Overview, as_of: datetime | None) -> Any:
    """Return *answer* as the API writes it."""
    return DOCUMENT(
        **answer.numbers,
        site=answer.site,
        since=answer.since,
        until=answer.until,
        previous=_PREVIOUS(**answer.previous, since=answer.previous_since, until=answer.previous_until),
        change=_CHANGE(**answer.change),
        as_of=as_of,
    )


async def _numbers(connection: AsyncConnection, question: WebQuestion, span: Span) -> Numbers:
    sums = (await counts_for(connection, question, span, METRICS))[()]
    return {metric.name: metric.formula(sums) for metric in METRICS}
