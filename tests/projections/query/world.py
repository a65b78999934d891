"""What the tests of answers act on: facts go through the real fold into real tables, questions through the real application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar

from contracts.events import TurnEvent, WebEvent
from projections.app import close, create_app
from projections.projections import TURNS
from tests.projections.world import Teller

# A Wednesday afternoon, with a clock change far away.
NOW = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
SITE = "example.org"
# Nobody listens there, and the password is one that no answer may repeat.
NOWHERE = "postgresql://collector:secret-canary@127.0.0.1:1/collector"


class World:
    """One database, one application in front of it, and a clock that stands still until it is moved."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.now = NOW
        self.teller = Teller(database_url)
        self.of_turns = Teller(database_url, TURNS)
        self.client = AsyncClient()
        self.app: Litestar | None = None

    async def tell(self, *events: WebEvent) -> None:
        """Fold *events* into the tables, as one batch of the projector."""
        await self.teller.tell(*events)

    async def tell_turns(self, *events: TurnEvent) -> None:
        """Fold facts of turns into their tables, as one batch of the projector."""
        await self.of_turns.tell(*events)

    async def get(self, path: str, **parameters: Any) -> Response:
        """Ask for *path* and return whatever the answer is."""
        return await self.client.get(path, params=parameters or None)

    async def ask(self, answer: str, *, site: str = SITE, **parameters: Any) -> Any:
        """Return the API's *answer* about *site*, which must be one."""
        response = await self.get(f"/api/stats/{site}/{answer}", **parameters)
        assert response.status_code == 200, response.text
        return response.json()

    async def page(self, path: str = f"/sites/{SITE}", **parameters: Any) -> str:
        """Return the page at *path*, which must be there."""
        response = await self.get(path, **parameters)
        assert response.status_code == 200, response.text
        return response.text

    async def values(self, dimension: str, number: str = "visitors", **parameters: Any) -> dict[str, Any]:
        """Return one *number* for each value of *dimension*."""
        answer = await self.ask(f"breakdown/{dimension}", **parameters)
        return {row["value"]: row[number] for row in answer["rows"]}

    async def points(self, **parameters: Any) -> list[tuple[str, float | None]]:
        """Return the points of a time series."""
        answer = await self.ask("timeseries", **parameters)
        return [(point["start"], point["value"]) for point in answer["points"]]


@asynccontextmanager
async def open_world(database_url: str, **settings: Any) -> AsyncIterator[World]:
    """Lend a world whose application was made with *settings*."""
    world = World(database_url)
    plain = {"access_token": None, "public_url": "http://localhost:8000", "tenant": "main"}
    app = create_app(database_url=database_url, clock=lambda: world.now, **(plain | settings))
    world.app = app
    through = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=through, base_url="http://localhost:8000") as world.client:
        yield world
    # Not by the application's own lifespan, which has to end in the task that it began in; a fixture's end is another one.
    await close(app)
    await world.teller.close()
    await world.of_turns.close()
