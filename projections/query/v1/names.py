"""The names that a query may use: dimensions as Plausible or we call them, buckets of time, and metrics."""

from enum import StrEnum
from typing import Any, Final, TypeAlias

from msgspec import Struct
from sqlalchemy import ColumnElement, cast, func
from sqlalchemy.types import Numeric

from projections.query.dimensions import DIMENSION_NAMED, Dimension
from projections.query.metrics import IN_SERIES, Metric, Sums, Unit, percent
from projections.query.problems import bad_parameter
from projections.query.properties import dimension_named as our_dimension
from projections.query.properties import property_called
from projections.query.sums import VISITORS, Columns, Of

_PREFIX: Final = {Of.VISIT: "visit:", Of.HIT: "event:"}
_PROPERTY: Final = "event:props:"
# What Plausible calls otherwise than we do.
_ALSO: Final = {"event:name": "event"}


class Width(StrEnum):
    """How wide a bucket of time is; AUTO is whatever fits the period."""

    MINUTE = "time:minute"
    HOUR = "time:hour"
    DAY = "time:day"
    WEEK = "time:week"
    MONTH = "time:month"
    AUTO = "time"


Cut: TypeAlias = Dimension | Width


class Measure(Struct, frozen=True, kw_only=True):
    """A metric of a query; ``is_share`` says that it is a part of all visitors, and not of a row alone."""

    name: str
    metric: Metric
    is_share: bool = False

    @property
    def is_count(self) -> bool:
        """Say whether the number is its only sum."""
        return len(self.metric.sums) == 1

    def order(self, sums: Columns) -> ColumnElement[Any]:
        """Return what rows with *sums* are ordered by."""
        first, *others = [sums[one.name] for one in self.metric.sums]
        if not others:
            return cast(first, Numeric)
        # Of a mean or a share: what is divided stands before what it is divided by.
        return cast(first, Numeric) / func.nullif(others[0], 0)

    def number(self, sums: Sums, visitors: int) -> float | None:
        """Return the number over *sums*; *visitors* are all of the answer."""
        if self.is_share:
            return min(percent(sums[VISITORS.name], visitors), 100.0)
        return self.metric.formula(sums)


_SHARE: Final = Metric(
    name="percentage",
    title="Share",
    unit=Unit.PERCENT,
    sums=(VISITORS,),
    formula=lambda sums: sums["visitors"],
    meaning="Visitors of the row, of all visitors that the query keeps.",
)
MEASURES: Final = {
    measure.name: measure
    for measure in (
        *(Measure(name=metric.name, metric=metric) for metric in IN_SERIES),
        Measure(name=_SHARE.name, metric=_SHARE, is_share=True),
    )
}


def known_dimensions() -> list[str]:
    """Return every name that a dimension of a query may have, time first."""
    return [*Width, *(f"{_PREFIX[one.of]}{one.name}" for one in DIMENSION_NAMED.values()), f"{_PROPERTY}<key>"]


def cut_named(name: str, field: str) -> Cut:
    """Return the dimension or the bucket of that *name*, or raise Refused, which names *field*."""
    if name in set(Width):
        return Width(name)
    return dimension_named(name, field)


def dimension_named(name: str, field: str) -> Dimension:
    """Return the dimension that is called *name*, by us or by Plausible, or raise Refused, which names *field*."""
    # A key is any text there; a name of ours has it percent-encoded.
    if (key := name.removeprefix(_PROPERTY)) != name and key:
        return property_called(key)
    dimension = our_dimension(_ALSO.get(name) or name.removeprefix("visit:").removeprefix("event:"))
    if dimension is None or name.startswith(_PREFIX[Of.HIT if dimension.of is Of.VISIT else Of.VISIT]):
        raise bad_parameter(field, f"There is no such dimension. Name one of {', '.join(known_dimensions())}.")
    return dimension


def measure_named(name: str, field: str) -> Measure:
    """Return the metric of that *name*, or raise Refused, which names *field*."""
    if name not in MEASURES:
        raise bad_parameter(field, f"There is no such metric. Name one of {', '.join(MEASURES)}.")
    return MEASURES[name]
