"""The counters of the hot path say to Prometheus what prometheus-client's own would."""

import secrets

import prometheus_client
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.registry import Collector

from collector.counters import Counter, Spread

EDGES = (0.005, 0.1, 1, 2.5)
# On an edge, between two, and beyond the last.
SECONDS = (0.0, 0.005, 0.0051, 0.1, 1, 2.4, 2.5, 99)


def fresh_name() -> str:
    return f"test_{secrets.token_hex(4)}"


def said_by(collector: Collector) -> list[str]:
    registry = CollectorRegistry()
    registry.register(collector)
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if "_created" not in line]  # when the counter began, which no scraper needs


def test_a_counter_is_told_as_prometheus_clients_own_is():
    name = fresh_name()
    ours = Counter(name, "Tests.", ["route", "status"])
    theirs = prometheus_client.Counter(name, "Tests.", ["route", "status"], registry=None)
    for labels in (("/a", "204"), ("/a", "204"), ('/"\\\n', "503")):
        ours.add(labels)
        theirs.labels(*labels).inc()
    assert said_by(ours) == said_by(theirs)


def test_a_spread_is_told_as_a_histogram_is():
    name = fresh_name()
    spread, histogram = (
        Spread(name, "Tests.", ["route"], edges=EDGES),
        Histogram(name, "Tests.", ["route"], buckets=EDGES, registry=None),
    )
    for seconds in SECONDS:
        spread.observe(("/a",), seconds)
        histogram.labels("/a").observe(seconds)
    assert said_by(spread) == said_by(histogram)


def test_a_spread_without_labels_is_there_from_the_start():
    name = fresh_name()
    Spread(name, "Tests.", [], edges=EDGES)
    assert REGISTRY.get_sample_value(f"{name}_count") == 0


def test_what_is_known_is_there_from_the_start():
    name = fresh_name()
    Counter(name, "Tests.", ["reason"], known=[("bot",)])
    assert REGISTRY.get_sample_value(f"{name}_total", {"reason": "bot"}) == 0
