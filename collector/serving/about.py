"""About: what /health tells beside the checks, for clients of other systems, and what /metrics tells those that read JSON."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from msgspec import Struct

from collector import __version__
from contracts.flowcore import DATA_CORE, EVENT_TYPE, FLOW_TYPE

# What a database holds, by the words of bilan-server: ``size``, ``events`` and ``users``.
Numbers: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]


class About(Struct, frozen=True, kw_only=True):
    """Whose the installation is, the clock, how much this process was asked, and what the database holds, if it has one."""

    tenant: str
    clock: Callable[[], datetime]
    requests: Callable[[], int] = int
    numbers: Numbers | None = None


def told_of(about: About, *, seconds: float) -> dict[str, Any]:
    """Return what clients of other systems look for in a health document, of a process that has run for *seconds*."""
    now = about.clock().astimezone(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return {
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ts": int(now.timestamp() * 1000),
        "version": __version__,
        "uptime": round(seconds, 3),
        "service": "analytics",
        "pathwaysConfigured": True,
        "flowType": FLOW_TYPE,
        "eventTypes": [EVENT_TYPE],
        "saltRotation": {
            "nextRotationAt": midnight.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "secondsUntilRotation": int((midnight - now).total_seconds()),
        },
        "environment": {"tenant": about.tenant, "dataCore": DATA_CORE},
    }


async def metrics_as_json(about: About, *, since: datetime) -> dict[str, Any]:
    """Return what bilan-server's /metrics says: for how long it runs, how much it was asked, and what the database holds."""
    told: dict[str, Any] = {"uptime": int((about.clock() - since).total_seconds()), "requests": about.requests()}
    return told if about.numbers is None else told | {"database": await about.numbers()}


def wants_json(accept: str) -> bool:
    """Say whether *accept* asks for JSON by name; Prometheus asks for text, and a browser for anything."""
    return any(part.partition(";")[0].strip().lower() == "application/json" for part in accept.split(","))
