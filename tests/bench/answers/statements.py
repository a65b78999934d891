"""Statements: what an answer executes in Postgres, written down while it is given, and executed again by itself on the clock.

Both sides are executed the same way: by asyncpg on one connection each, with the session settings of the query role, and until
the last row has come. So what stands in the table is Postgres's planning and executing, and neither SQLAlchemy nor HTTP.
"""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any, Self
from unittest.mock import patch

import asyncpg
from httpx import ASGITransport, AsyncClient
from sqlalchemy import event
from sqlalchemy.engine import Engine

from projections.app import close, create_app
from projections.query import database
from projections.reader_role import TAKE_ON_ROLE
from tests.bench.answers.asked import Statement
from tests.bench.answers.facts import TENANT
from tests.bench.answers.umami_schema import SCHEMA

# An answer that takes longer is a figure that is missed, and no error.
_PATIENT = {"statement_timeout": "0"}
_SETTINGS = database._SESSION | _PATIENT
_HERE = "http://localhost:8000"


class Asker:
    """The product's application in this process, and a session on each side."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        with patch.dict(database._SESSION, _PATIENT):
            self._app = create_app(
                database_url=database_url, clock=lambda: datetime.now(UTC), access_token=None, public_url=_HERE, tenant=TENANT
            )
        self._client = AsyncClient(transport=ASGITransport(self._app), base_url=_HERE, timeout=None)

    async def __aenter__(self) -> Self:
        self._ours = await asyncpg.connect(self._url, server_settings=_SETTINGS)
        await self._ours.execute(TAKE_ON_ROLE)
        self._umami = await asyncpg.connect(self._url, server_settings=_SETTINGS | {"search_path": SCHEMA})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ours.close()
        await self._umami.close()
        await self._client.aclose()
        await close(self._app)

    async def answer(self, address: str) -> Any:
        """Return what the product answers at *address*."""
        response = await self._client.get(address)
        assert response.status_code == 200, f"{address}: {response.text}"
        return response.json()

    async def statements(self, address: str) -> list[Statement]:
        """Return everything that the product executes to answer at *address*."""
        with _written_down() as statements:
            await self.answer(address)
        return statements

    async def ours(self, statements: Sequence[Statement]) -> float:
        """Return the milliseconds that the product's *statements* take, in one transaction as they were."""
        async with self._transaction():
            return await _timed(self._ours, statements)

    async def plans(self, statements: Sequence[Statement]) -> list[tuple[float, str, str]]:
        """Return of each of the product's *statements* the milliseconds, the words and the plan."""
        async with self._transaction():
            return [await _explained(self._ours, statement) for statement in statements]

    async def umami_plans(self, statements: Sequence[Statement]) -> list[str]:
        """Return the plans of Umami's *statements*."""
        return [(await _explained(self._umami, statement))[2] for statement in statements]

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        transaction = self._ours.transaction(isolation="repeatable_read", readonly=True)
        await transaction.start()
        try:
            yield
        finally:
            await transaction.rollback()

    async def umami(self, statements: Sequence[Statement]) -> float:
        """Return the milliseconds that Umami's *statements* take."""
        return await _timed(self._umami, statements)

    async def umami_rows(self, statement: Statement) -> list[asyncpg.Record]:
        """Return what Umami's *statement* finds."""
        return list(await self._umami.fetch(statement[0], *statement[1]))


@contextmanager
def _written_down() -> Iterator[list[Statement]]:
    statements: list[Statement] = []

    def write_down(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001
        statements.append((statement, list(parameters or ())))

    event.listen(Engine, "before_cursor_execute", write_down)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", write_down)


async def _timed(connection: asyncpg.Connection, statements: Sequence[Statement]) -> float:
    began = time.perf_counter()
    for statement, parameters in statements:
        await connection.fetch(statement, *parameters)
    return (time.perf_counter() - began) * 1e3


async def _explained(connection: asyncpg.Connection, statement: Statement) -> tuple[float, str, str]:
    words, parameters = statement
    began = time.perf_counter()
    lines = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {words}", *parameters)
    return (time.perf_counter() - began) * 1e3, words, "\n".join(line[0] for line in lines)
