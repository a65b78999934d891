"""Counters for the path that every request takes: plain numbers, handed to Prometheus when it asks.

prometheus-client's own take a lock and several calls for every step, and a request takes nine. These belong to one thread, the
event loop's, which also answers the scrape.
"""

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

Labels: TypeAlias = tuple[str, ...]


class Counter(Collector):
    """A counter: how often each of its label values was met."""

    def __init__(self, name: str, says: str, labels: Sequence[str], *, known: Iterable[Labels] = ()) -> None:
        """Count under *name*; the *known* label values are there from the start, so that the first one met is an increase."""
        self._name, self._says, self._labels = name, says, labels
        self._counts: dict[Labels, int] = dict.fromkeys(known, 0)
        REGISTRY.register(self)

    def add(self, labels: Labels) -> None:
        """Count one more of *labels*."""
        self._counts[labels] = self._counts.get(labels, 0) + 1

    def total(self) -> int:
        """Return how many were counted, whatever their labels."""
        return sum(self._counts.values())

    def describe(self) -> Iterator[Metric]:
        """Tell the registry the name, before anything is counted."""
        yield CounterMetricFamily(self._name, self._says, labels=self._labels)

    def collect(self) -> Iterator[Metric]:
        """Tell Prometheus what has been counted so far."""
        family = CounterMetricFamily(self._name, self._says, labels=self._labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        yield family


class Spread(Collector):
    """A histogram: how many of the observed seconds lie below each edge, by label values."""

    def __init__(self, name: str, says: str, labels: Sequence[str], *, edges: Sequence[float]) -> None:
        """Observe under *name*, with *edges* in seconds from the smallest to the largest; above them is one bucket more."""
        self._name, self._says, self._labels = name, says, labels
        self._edges = tuple(edges)
        self._buckets: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}
        if not labels:
            self._begin(())
        REGISTRY.register(self)

    def _begin(self, labels: Labels) -> None:
        self._buckets[labels] = [0] * (len(self._edges) + 1)
        self._sums[labels] = 0.0

    def observe(self, labels: Labels, seconds: float) -> None:
        """Count *seconds* in its bucket."""
        if labels not in self._buckets:
            self._begin(labels)
        self._buckets[labels][bisect_left(self._edges, seconds)] += 1
        self._sums[labels] += seconds

    def describe(self) -> Iterator[Metric]:
        """Tell the registry the name, before anything is observed."""
        yield HistogramMetricFamily(self._name, self._says, labels=self._labels)

    def collect(self) -> Iterator[Metric]:
        """Tell Prometheus what has been observed so far; its buckets are cumulative."""
        family = HistogramMetricFamily(self._name, self._says, labels=self._labels)
        names = [*(str(float(edge)) for edge in self._edges), "+Inf"]
        for labels, buckets in self._buckets.items():
            cumulative = itertools.accumulate(buckets)
            family.add_metric(labels, list(zip(names, cumulative, strict=True)), self._sums[labels])
        yield family
