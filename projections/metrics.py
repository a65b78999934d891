"""What the projector counts; every label comes from a closed list, so nothing here can grow with the traffic."""

from prometheus_client import Counter, Gauge, Histogram

from projections.projector.batch import Outcome

EVENTS = Counter(
    "collector_projection_events",
    "Facts that left the stream, by partition and by how they ended: applied, duplicate or quarantined.",
    ["projection", "result"],
)
DEAD_LETTERS = Counter(
    "collector_dead_letter_events", "Facts set aside because they cannot be applied, by the class of the reason.", ["reason"]
)
LAG_EVENTS = Gauge("collector_projection_lag_events", "Facts that are stored and not yet in Postgres.", ["projection"])
LAG_SECONDS = Gauge(
    "collector_projection_lag_seconds",
    "For how long the oldest fact that is not yet in Postgres has been stored.",
    ["projection"],
)
BATCH_EVENTS = Histogram(
    "collector_projection_batch_events",
    "How many facts one transaction took.",
    ["projection"],
    buckets=(1, 10, 50, 100, 500, 1_000, 2_500, 5_000, 10_000),
)
BATCH_SECONDS = Histogram(
    "collector_projection_batch_seconds",
    "How long one transaction took, from its first fold to its commit.",
    ["projection"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
INTERRUPTIONS = Counter(
    "collector_projection_interruptions",
    "Times the projector read its position again: fenced by another projector, or interrupted by the stream.",
    ["projection", "why"],
)
ERRORS = Counter("collector_projection_errors", "Times the projector had to begin again from its position.", ["projection"])
LEADING = Gauge(
    "collector_projection_leading", "1 while this process reads the partition, 0 while it stands by.", ["projection"]
)
HALTED = Gauge(
    "collector_projection_halted", "1 when the projector stopped because going on would be wrong.", ["projection", "reason"]
)
STREAM_REGRESSED = Gauge(
    "collector_stream_regressed", "1 when the stream is not the one that the read models were made from.", ["projection"]
)


def count_batch(projection: str, outcome: Outcome) -> None:
    """Count a batch that has been committed."""
    ends = {"applied": outcome.applied, "duplicate": outcome.duplicates, "quarantined": len(outcome.quarantined)}
    for result, facts in ends.items():
        EVENTS.labels(projection, result).inc(facts)
    for pointer in outcome.quarantined:
        DEAD_LETTERS.labels(pointer.reason.value).inc()
    BATCH_EVENTS.labels(projection).observe(sum(ends.values()))
