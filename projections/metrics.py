"""What the projector counts; every label comes from a closed list, so nothing here can grow with the traffic."""

from collections.abc import Iterable
from contextlib import suppress

from prometheus_client import Counter, Gauge, Histogram

from projections.projector.endings import Endings
from projections.projector.projection import Label

_LOOP = Label._fields

EVENTS = Counter(
    "collector_projection_events",
    "Facts that left the stream, by how they ended: applied, duplicate or quarantined.",
    [*_LOOP, "result"],
)
DEAD_LETTERS = Counter(
    "collector_dead_letter_events",
    "Facts set aside because they cannot be applied, by the class of the reason.",
    [*_LOOP, "reason"],
)
LAG_EVENTS = Gauge("collector_projection_lag_events", "Facts that are stored and not yet in Postgres.", _LOOP)
LAG_SECONDS = Gauge(
    "collector_projection_lag_seconds",
    "For how long the oldest fact that is not yet in Postgres has been stored.",
    _LOOP,
)
BATCH_EVENTS = Histogram(
    "collector_projection_batch_events",
    "How many facts one transaction took.",
    _LOOP,
    buckets=(1, 10, 50, 100, 500, 1_000, 2_500, 5_000, 10_000),
)
BATCH_SECONDS = Histogram(
    "collector_projection_batch_seconds",
    "How long one transaction took, from its first fold to its commit.",
    _LOOP,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
INTERRUPTIONS = Counter(
    "collector_projection_interruptions",
    "Times the projector read its position again: fenced by another projector, or interrupted by the stream.",
    [*_LOOP, "why"],
)
ERRORS = Counter("collector_projection_errors", "Times the projector had to begin again from its position.", _LOOP)
LEADING = Gauge("collector_projection_leading", "1 while this process reads the partition, 0 while it stands by.", _LOOP)
HALTED = Gauge(
    "collector_projection_halted", "1 when the projector stopped because going on would be wrong.", [*_LOOP, "reason"]
)
STREAM_REGRESSED = Gauge(
    "collector_stream_regressed", "1 when the stream is not the one that the read models were made from.", _LOOP
)


ROLLUP_DIRTY = Gauge(
    "collector_rollup_dirty_days",
    "Days of sites that are over and are answered from single facts until they have been added up again.",
    _LOOP,
)
ROLLUP_WAITING = Gauge(
    "collector_rollup_waiting_seconds", "For how long the day that waits longest is known to wait for being added up.", _LOOP
)
ROLLUP_DAYS = Counter("collector_rollup_days", "Days of sites that were added up.", _LOOP)
ROLLUP_OVERTAKEN = Counter(
    "collector_rollup_overtaken_days", "Days of sites that were added up in vain, because facts came meanwhile.", _LOOP
)
ROLLUP_ERRORS = Counter("collector_rollup_errors", "Times days could not be added up, and were to be tried again.", _LOOP)

_STATES = (LAG_EVENTS, LAG_SECONDS, LEADING, STREAM_REGRESSED, ROLLUP_DIRTY, ROLLUP_WAITING)


def count_batch(label: Label, endings: Endings) -> None:
    """Count a batch that has been committed."""
    total = endings.total
    ends = {"applied": total.applied, "duplicate": total.duplicates, "quarantined": total.quarantined}
    for result, facts in ends.items():
        EVENTS.labels(*label, result).inc(facts)
    for pointer in endings.quarantined:
        DEAD_LETTERS.labels(*label, pointer.reason.value).inc()
    BATCH_EVENTS.labels(*label).observe(sum(ends.values()))


def forget(label: Label, reasons: Iterable[str]) -> None:
    """Say nothing more about the state of a loop that has ended for good; *reasons* are those it could have halted for."""
    for state in _STATES:
        with suppress(KeyError):
            state.remove(*label)
    for reason in reasons:
        with suppress(KeyError):
            HALTED.remove(*label, reason)


SINK_EVENTS = Counter(
    "collector_sink_events",
    "Facts that a sink has dealt with: forwarded, refused by the endpoint, or skipped as none that it takes.",
    ["result"],
)
# With a label, so that who forwards nothing shows none.
SINK_LAG = Gauge("collector_sink_lag_events", "Facts that are stored and not yet forwarded.", ["sink"])
SINK_UP = Gauge("collector_sink_up", "1 while the sink's endpoint takes what it is sent.", ["sink"])
SINK_ERRORS = Counter("collector_sink_errors", "Times the sink had to begin again from its position.")


def count_forwarded(*, forwarded: int, refused: int, skipped: int) -> None:
    """Count a chunk that the endpoint has."""
    for result, facts in (("forwarded", forwarded), ("refused", refused), ("skipped", skipped)):
        SINK_EVENTS.labels(result).inc(facts)
