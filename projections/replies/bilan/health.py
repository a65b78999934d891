"""Health: whether the server answers, whether its database does, and both with their particulars, as bilan's README has it."""

import importlib.metadata
import time
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from projections.query.database import POOL_SIZE, check_tables
from projections.query.problems import Refused
from projections.replies.bilan.overview import iso

_STARTED: Final = time.monotonic()
_VERSION: Final = importlib.metadata.version("collector")


def health(now: datetime) -> dict[str, Any]:
    """Answer GET /health: whoever answers is well."""
    return {"status": "ok", "timestamp": iso(now)}


async def database_health(engine: AsyncEngine, now: datetime) -> tuple[int, dict[str, Any]]:
    """Answer GET /health/db, with the status: whether Postgres is reached and holds its tables."""
    begun = time.perf_counter()
    try:
        await check_tables(engine)
    except Refused as refusal:
        why = refusal.problem
        found = {"connected": False, "type": "postgresql", "migrations": {"status": "unknown"}}
        return 503, {
            "status": "unhealthy",
            "timestamp": iso(now),
            "error": why.title,
            "details": why.detail,
            "database": found,
        }
    found = {
        "connected": True,
        "type": "postgresql",
        "response_time": round(1000 * (time.perf_counter() - begun), 3),
        "connection_pool": {"total": POOL_SIZE},
        "migrations": {"status": "up_to_date"},
    }
    return 200, {"status": "ok", "timestamp": iso(now), "database": found}


async def detailed_health(engine: AsyncEngine, now: datetime) -> tuple[int, dict[str, Any]]:
    """Answer GET /health/detailed: the same, with the version and for how long it runs, in seconds."""
    status, told = await database_health(engine, now)
    return status, told | {"version": _VERSION, "uptime": round(time.monotonic() - _STARTED, 3)}
