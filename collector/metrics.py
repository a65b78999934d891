"""What the ingest half counts for Prometheus: every hit exactly once by how it ended, so that conservation can be checked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from prometheus_client import Counter, Gauge, Histogram

from collector.dialects import DIALECTS
from collector.dialects.route import Outcome
from collector.outcomes import Dropped, DropReason, Rejected, Unavailable, UnavailableReason
from collector.parcel import Stored

RECEIVED = Counter("collector_hits_received_total", "Hits received: the sum of the four outcomes below.", ["dialect"])
ACCEPTED = Counter("collector_events_accepted_total", "Hits stored as events and acknowledged.", ["source"])
DUPLICATES = Counter("collector_events_duplicate_total", "Accepted events that the stream had already.", ["source"])
DROPPED = Counter("collector_events_dropped_total", "Well-formed hits not kept on purpose.", ["reason"])
REJECTED = Counter("collector_events_rejected_total", "Malformed hits.", ["source", "reason"])
UNAVAILABLE = Counter("collector_events_unavailable_total", "Hits that could not be confirmed as stored.", ["reason"])
PUBLISH_SECONDS = Histogram(
    "collector_publish_duration_seconds",
    "From a hit's arrival to the stream's acknowledgement.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5),
)
NATS_CONNECTED = Gauge("collector_nats_connected", "1 while connected to NATS.")
STREAM_DRIFTED = Gauge("collector_stream_drifted", "1 when the stream no longer has the settings the promises rest on.")
SALT_ROTATION_SECONDS = Gauge("analytics_salt_rotation_seconds", "Seconds until the next salt, at midnight UTC.")
SALT_TAKEN_UP = Gauge("collector_salt_last_rotation_timestamp_seconds", "When this process took up the salt it holds.")
SERVICE_INFO = Gauge("analytics_service_info", "What is running, always 1.", ["version", "mode", "tenant", "salt_mode"])

# Looked up once: every label is there from the start, at zero, so that a first occurrence is an increase.
_DROPPED = {reason: DROPPED.labels(reason.value) for reason in DropReason}
_UNAVAILABLE = {reason: UNAVAILABLE.labels(reason.value) for reason in UnavailableReason}
_DIALECTS = {route.dialect for route in DIALECTS}
_RECEIVED = {dialect: RECEIVED.labels(dialect) for dialect in _DIALECTS}
_ACCEPTED = {dialect: ACCEPTED.labels(dialect) for dialect in _DIALECTS}
_DUPLICATES = {dialect: DUPLICATES.labels(dialect) for dialect in _DIALECTS}


def count(dialect: str, outcome: Outcome) -> None:
    """Count one hit by how it ended."""
    _RECEIVED[dialect].inc()
    match outcome:
        case Stored(duplicate=duplicate):
            _ACCEPTED[dialect].inc()
            if duplicate:
                _DUPLICATES[dialect].inc()
        case Dropped(reason=reason):
            _DROPPED[reason].inc()
        case Rejected(reason=reason):
            REJECTED.labels(dialect, reason.value).inc()
        case Unavailable(reason=reason):
            _UNAVAILABLE[reason].inc()


def watch_salt(clock: Callable[[], datetime], taken_up: Callable[[], datetime | None]) -> None:
    """Let the salt's gauges tell the truth at each scrape."""
    SALT_ROTATION_SECONDS.set_function(lambda: seconds_until_midnight(clock()))
    SALT_TAKEN_UP.set_function(lambda: at.timestamp() if (at := taken_up()) is not None else 0)


def seconds_until_midnight(now: datetime) -> int:
    """Return the whole seconds until the next UTC midnight."""
    midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    return int((midnight - now).total_seconds())
