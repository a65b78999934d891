"""The JSON of answers whose members follow from lists of ours, made from these lists: its encoding and its schema are one."""

from collections.abc import Iterable
from enum import StrEnum
from types import GenericAlias
from typing import Annotated, Any, TypeAlias, cast

from msgspec import UNSET, Meta, UnsetType, defstruct

from projections.query.metrics import IN_SERIES, METRICS, Metric

Member: TypeAlias = tuple[str, Any] | tuple[str, Any, Any]

# The names of the metrics, as a type that the API's document can show. By a call that no type checker knows: it would have the
# names written out here.
MetricName: Any = cast("Any", StrEnum)("MetricName", {metric.name.upper(): metric.name for metric in IN_SERIES})


def document(name: str, meaning: str, members: Iterable[Member]) -> Any:
    """Return a Struct called *name* of these *members*, in their order: (name, type) or (name, type, default)."""
    return defstruct(name, members, namespace={"__doc__": meaning}, module=__name__, frozen=True, kw_only=True)


def as_numbers(metrics: Iterable[Metric] = METRICS) -> list[Member]:
    """Return a member for each of *metrics*."""
    return [(one.name, Annotated[one.unit.json_type, Meta(description=one.meaning)]) for one in metrics]


def as_numbers_of_some(metrics: Iterable[Metric]) -> list[Member]:
    """Return a member for each of *metrics*, left out where an answer has no such number."""
    return [(name, type_ | UnsetType, UNSET) for name, type_, *_ in as_numbers(metrics)]


def list_of(member: Any) -> Any:
    """Return the type of a list of documents."""
    return GenericAlias(list, (member,))


def as_changes(metrics: Iterable[Metric] = METRICS) -> list[Member]:
    """Return a member for how each of *metrics* moved."""
    return [(one.name, float | None) for one in metrics]
