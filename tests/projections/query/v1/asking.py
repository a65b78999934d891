"""How the tests ask a query in JSON."""

from typing import Any

from httpx import Response

from tests.projections.query.world import SITE, World

ADDRESS = "/api/v1/query"
LEAST = {"site_id": SITE, "metrics": ["visitors"], "date_range": "7d"}


async def post(world: World, *, path: str = ADDRESS, headers: dict[str, str] | None = None, **body: Any) -> Response:
    """Send the least that a query may be, and *body* in it, and return whatever the answer is."""
    return await world.client.post(path, json=LEAST | body, headers=headers)


async def ask(world: World, **body: Any) -> Any:
    """Return the answer to such a query, which must be one."""
    response = await post(world, **body)
    assert response.status_code == 200, response.text
    return response.json()


async def results(world: World, **body: Any) -> list[tuple[list[str], list[Any]]]:
    """Return the rows of the answer, each its values and its numbers."""
    return [(row["dimensions"], row["metrics"]) for row in (await ask(world, **body))["results"]]
