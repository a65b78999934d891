"""Readiness as Nodash tells it: one word for the whole, and one for each thing that it depended on."""

from datetime import UTC, datetime
from typing import Any, Final

from collector import __version__

# At the root /health is everybody's.
NODASH_HEALTH: Final = ("/v1/health", "/nodash/health", "/nodash/v1/health")
# Where its events and users went is one stream here, and what limits them is in this process.
_STORES: Final = ("eventStore", "userStore")


def nodash_health(*, is_ready: bool, seconds: float) -> dict[str, Any]:
    """Return the document of a process that has run for *seconds*, and takes events or does not."""
    now = datetime.now(UTC)
    status = "healthy" if is_ready else "unhealthy"
    dependencies = {**dict.fromkeys(_STORES, status), "rateLimiter": "healthy"}
    return {
        "status": status,
        "version": __version__,
        "uptime": round(seconds, 3),
        "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z",
        "dependencies": dependencies,
        # As its SDK has it; its command line prints them.
        "checks": [{"name": name, "status": "pass" if word == "healthy" else "fail"} for name, word in dependencies.items()],
    }
