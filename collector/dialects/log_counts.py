"""What is counted of log lines for Prometheus, under the names that the Change66 log server gave it."""

from typing import Final

from collector.counters import Counter, Spread
from contracts.events import LogKind, Priority

LOGS_INGESTED: Final = Counter(
    "logs_ingested",
    "Log lines stored for the first time.",
    ["event_type", "priority"],
    known=[
        (kind.value, priority.value)
        for kind in LogKind
        for priority in Priority
        if kind is not LogKind.OTHER and priority is not Priority.OTHER
    ],
)
LOG_BATCH_SIZE: Final = Spread(
    "batch_size", "Log lines in a request that was stored.", ["endpoint"], edges=(1, 5, 10, 25, 50, 100, 250, 500, 1000)
)
LOG_FAULTS: Final = Counter("validation_errors", "What was wrong with log lines, by the field.", ["field", "error_type"])
