"""Statements: what an answer executes in Postgres, written down while it is given, and executed again by itself on the clock.

What every question executes to find out who asks about which site, and how fresh its answer is, is told apart: of Umami only
the SQL of its answers is executed, too. Both sides are executed the same way: by asyncpg on one connection each, with the
session settings of the query role, and until the last row has come. So what stands in the table is Postgres's planning and
executing, and neither SQLAlchemy nor HTTP.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self
from unittest.mock import patch

import asyncpg
from httpx import ASGITransport, AsyncClient
from sqlalchemy import event
from sqlalchemy.engine import Engine

from projections.app import close, create_app
from projections.query import database
from projections.query.web import breakdown, overview, timeseries
from projections.reader_role import TAKE_ON_ROLE
from tests.bench.answers.asked import Statement
from tests.bench.answers.facts import TENANT
from tests.bench.answers.umami_schema import SCHEMA

# An answer that takes longer is a figure that is missed, and no error.
_PATIENT = {"statement_timeout": "0"}
_SETTINGS = database._SESSION | _PATIENT
_HERE = "http://localhost:8000"
# What makes answers: whatever they execute is part of one.
_ANSWERING: tuple[tuple[Any, str], ...] = (
    (overview, "overview"),
    (timeseries, "timeseries"),
    (breakdown, "count_visitors"),
    (breakdown, "breakdown"),
)
_is_answering: ContextVar[bool] = ContextVar("is_answering", default=False)


class Executed(NamedTuple):
    """A statement of the product's, and whether it is part of the answer itself."""

    words: str
    parameters: list[Any]
    is_answer: bool


class Took(NamedTuple):
    """The milliseconds of an answer's statements, and of those beside it."""

    answer: float
    beside: float


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

    async def statements(self, address: str) -> list[Executed]:
        """Return everything that the product executes to answer at *address*."""
        with _written_down() as statements:
            await self.answer(address)
        assert any(one.is_answer for one in statements), "what answers has another name; see _ANSWERING"
        return statements

    async def ours(self, statements: Sequence[Executed]) -> Took:
        """Return the milliseconds that the product's *statements* take, in one transaction as they were."""
        took = {True: 0.0, False: 0.0}
        async with self._transaction():
            for words, parameters, is_answer in statements:
                took[is_answer] += await _timed(self._ours, [(words, parameters)])
        return Took(took[True], took[False])

    async def plans(self, statements: Sequence[Executed]) -> list[str]:
        """Return the words and the plan of each of the product's *statements* that is part of an answer."""
        async with self._transaction():
            plans = [(one, await _explained(self._ours, (one.words, one.parameters))) for one in statements]
        return [f"{one.words.strip()}\n\n{plan}\n" for one, plan in plans if one.is_answer]

    async def umami_plans(self, statements: Sequence[Statement]) -> list[str]:
        """Return the plans of Umami's *statements*."""
        return [await _explained(self._umami, statement) for statement in statements]

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
def _written_down() -> Iterator[list[Executed]]:
    statements: list[Executed] = []

    def write_down(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001
        statements.append(Executed(statement, list(parameters or ()), _is_answering.get()))

    event.listen(Engine, "before_cursor_execute", write_down)
    try:
        with ExitStack() as stack:
            for module, name in _ANSWERING:
                stack.enter_context(patch.object(module, name, _answering(getattr(module, name))))
            yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", write_down)


def _answering(answer: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def answering(*values: Any, **named: Any) -> Any:
        token = _is_answering.set(True)
        try:
            return await answer(*values, **named)
        finally:
            _is_answering.reset(token)

    return answering


async def _timed(connection: asyncpg.Connection, statements: Sequence[Statement]) -> float:
    began = time.perf_counter()
    for statement, parameters in statements:
        await connection.fetch(statement, *parameters)
    return (time.perf_counter() - began) * 1e3


async def _explained(connection: asyncpg.Connection, statement: Statement) -> str:
    words, parameters = statement
    return "\n".join(line[0] for line in await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {words}", *parameters))
