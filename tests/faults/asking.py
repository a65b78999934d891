"""Asking an ingest process over HTTP as a page would, one event at a time."""

from typing import Any

import httpx

from tests.faults.role import Role

EVENT = {"domain": "shop.example", "pathname": "/"}


async def post(role: Role, event: dict[str, Any] | None = None) -> httpx.Response:
    """Send an event and return the answer."""
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        return await http.post(f"http://127.0.0.1:{role.port}/api/event", json=event or EVENT)


async def is_taken(role: Role) -> bool:
    """Say whether an event is taken now."""
    return (await post(role)).status_code == 204
