"""What the tests of answers act on: facts go through the real fold into real tables, questions through the real application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from httpx import ASGITransport, AsyncClient, Response

from contracts.events import WebEvent
from projections.app import create_app
from projections.database import open_engine
from projections.projector.months import Months
from projections.projector.positions import Position, read_positions, start_position
from projections.projector.worker import apply
from projections.stream.item import Sequenced

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
        self.engine = open_engine(database_url)
        self.client = AsyncClient()

    async def tell(self, *events: WebEvent) -> None:
        """Fold *events* into the tables, as one batch of the projector."""
        async with self.engine.begin() as connection:
            await start_position(
                connection, Position(partition=0, partitions=1, stream_created=datetime(2026, 1, 1, tzinfo=UTC))
            )
            position = (await read_positions(connection))[0]
        batch = [
            Sequenced(seq=number, message_id=event.id, event=event)
            for number, event in enumerate(events, start=position.seq + 1)
        ]
        await Months(self.engine).prepare_for(batch)
        await apply(self.engine, position, batch)

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
    through = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=through, base_url="http://localhost:8000") as world.client:
        yield world
    # Not by the application's own lifespan, which has to end in the task that it began in; a fixture's end is another one.
    await app.state.engine.dispose()
    await world.engine.dispose()
