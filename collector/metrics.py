"""What the ingest half counts for Prometheus: every hit exactly once by how it ended, so that conservation can be checked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from prometheus_client import Gauge

from collector.counters import Counter, Spread
from collector.dialects import DIALECTS
from collector.outcomes import Dropped, DropReason, Outcome, Refused, RefuseReason, Rejected, Stored, UnavailableReason

_DIALECTS = sorted({(part.dialect,) for part in DIALECTS})

RECEIVED = Counter("collector_hits_received", "Hits received: the sum of the five endings below.", ["dialect"], known=_DIALECTS)
ACCEPTED = Counter("collector_events_accepted", "Hits stored as events and acknowledged.", ["source"], known=_DIALECTS)
DUPLICATES = Counter("collector_events_duplicate", "Accepted events that the stream had already.", ["source"], known=_DIALECTS)
DROPPED = Counter(
    "collector_events_dropped", "Well-formed hits not kept on purpose.", ["reason"], known=[(reason,) for reason in DropReason]
)
REJECTED = Counter("collector_events_rejected", "Malformed hits.", ["source", "reason"])
REFUSED = Counter(
    "collector_events_refused",
    "Hits refused for who sent them or for how much they send.",
    ["reason"],
    known=[(reason,) for reason in RefuseReason],
)
UNAVAILABLE = Counter(
    "collector_events_unavailable",
    "Hits that could not be confirmed as stored.",
    ["reason"],
    known=[(reason,) for reason in UnavailableReason],
)
PUBLISH_SECONDS = Spread(
    "collector_publish_duration_seconds",
    "From a request's arrival to the stream's acknowledgement, where something of it was stored.",
    [],
    edges=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5),
)
NATS_CONNECTED = Gauge("collector_nats_connected", "1 while connected to NATS.")
STREAM_DRIFTED = Gauge("collector_stream_drifted", "1 when the stream no longer has the settings the promises rest on.")
SALT_ROTATION_SECONDS = Gauge("analytics_salt_rotation_seconds", "Seconds until the next salt, at midnight UTC.")
SALT_TAKEN_UP = Gauge("collector_salt_last_rotation_timestamp_seconds", "When this process took up the salt it holds.")
SERVICE_INFO = Gauge(
    "analytics_service_info",
    "What is running, always 1.",
    ["version", "mode", "tenant", "salt_mode", "datacore", "flow_type"],
)


def count(dialect: str, outcome: Outcome) -> None:
    """Count one hit by how it ended."""
    source = (dialect,)
    RECEIVED.add(source)
    if isinstance(outcome, Stored):
        ACCEPTED.add(source)
        if outcome.duplicate:
            DUPLICATES.add(source)
    elif isinstance(outcome, Dropped):
        DROPPED.add((outcome.reason,))
    elif isinstance(outcome, Rejected):
        REJECTED.add((dialect, outcome.reason))
    elif isinstance(outcome, Refused):
        REFUSED.add((outcome.reason,))
    else:
        UNAVAILABLE.add((outcome.reason,))


def watch_salt(clock: Callable[[], datetime], taken_up: Callable[[], datetime | None]) -> None:
    """Let the salt's gauges tell the truth at each scrape."""
    SALT_ROTATION_SECONDS.set_function(lambda: seconds_until_midnight(clock()))
    SALT_TAKEN_UP.set_function(lambda: at.timestamp() if (at := taken_up()) is not None else 0)


def seconds_until_midnight(now: datetime) -> int:
    """Return the whole seconds until the next UTC midnight."""
    midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    return int((midnight - now).total_seconds())
