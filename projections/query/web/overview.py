"""The overview: the metrics of a period, the same of what it is compared with, and the change between them."""

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
    """The answer: the numbers of the period, and what they are compared with, if with anything; moments in local time."""

    site: str
    timezone: str
    since: datetime
    until: datetime
    numbers: Numbers
    compared: "Compared | None"


class Compared(Struct, frozen=True, kw_only=True):
    """What a period is compared with: the moments in local time, the numbers, and how each has moved since."""

    since: datetime
    until: datetime
    numbers: Numbers
    change: Numbers


_CHANGE = document(
    "Change",
    "How each number moved, in percent (one that is a percentage in points); null where there is nothing to compare with.",
    as_changes(),
)
_PREVIOUS = document(
    "Previous",
    "The numbers of what the period is compared with: by default the span before.",
    [*as_numbers(), ("since", datetime), ("until", datetime)],
)
DOCUMENT = document(
    "Overview",
    "The numbers of the period, those that it is compared with, and how they moved (null where nothing is compared); a number "
    "that is null is a mean over no visits. Days begin in ``timezone``.",
    [
        *as_numbers(),
        ("site", str),
        ("timezone", str),
        ("since", datetime),
        ("until", datetime),
        ("previous", _PREVIOUS | None),
        ("change", _CHANGE | None),
        ("as_of", datetime | None),
    ],
)


async def overview(connection: AsyncConnection, question: WebQuestion) -> Overview:
    """Answer *question* in the numbers of METRICS."""
    span, zone = question.span, question.zone
    current = await _numbers(connection, question, span)
    return Overview(
        site=question.site,
        timezone=question.timezone,
        since=span.since.astimezone(zone),
        until=span.until.astimezone(zone),
        numbers=current,
        compared=await _compared(connection, question, current),
    )


async def _compared(connection: AsyncConnection, question: WebQuestion, current: Numbers) -> Compared | None:
    other, zone = question.other, question.zone
    if other is None:
        return None
    numbers = await _numbers(connection, question, other)
    return Compared(
        since=other.since.astimezone(zone),
        until=other.until.astimezone(zone),
        numbers=numbers,
        change={metric.name: metric.change(current[metric.name], numbers[metric.name]) for metric in METRICS},
    )


def to_document(answer: Overview, as_of: datetime | None) -> Any:
    """Return *answer* as the API writes it."""
    other = answer.compared
    return DOCUMENT(
        **answer.numbers,
        site=answer.site,
        timezone=answer.timezone,
        since=answer.since,
        until=answer.until,
        previous=_PREVIOUS(**other.numbers, since=other.since, until=other.until) if other else None,
        change=_CHANGE(**other.change) if other else None,
        as_of=as_of,
    )


async def _numbers(connection: AsyncConnection, question: WebQuestion, span: Span) -> Numbers:
    sums = (await counts_for(connection, question, span, METRICS))[()]
    return {metric.name: metric.formula(sums) for metric in METRICS}
