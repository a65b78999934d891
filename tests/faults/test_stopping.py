"""Told to stop, a role finishes what it has taken, promises nothing that it does not keep, and is gone in time."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable

import pytest

from collector.local.nats import NatsServer
from tests.faults.asking import post
from tests.faults.chaos import write
from tests.faults.ledger import Ledger, Told
from tests.faults.publishing import counted_once, publishing
from tests.faults.role import Role, seconds_to_end
from tests.faults.salted import salted
from tests.faults.verdict import ids_in
from tests.faults.waiting import until
from tests.projections.world import Facts, Tables

# The deadline that containers and the supervisor of `collector up` count on.
DEADLINE = 10.0
HEAD = b"POST /api/event HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"


@contextlib.asynccontextmanager
async def hanging_client(role: Role) -> AsyncIterator[None]:
    """Begin a request to *role*, and never finish it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", role.port)
    writer.write(HEAD)
    await writer.drain()
    try:
        yield
    finally:
        await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_an_ingest_role_stopped_under_load_has_stored_all_that_it_acknowledged(
    stream_free_nats: str, role: Callable[..., Role]
):
    ledger = Ledger()
    first = await role("serve", NATS_URL=await salted(stream_free_nats)).ready()
    async with write([first.port], ledger, "stopping"):
        await until(lambda: len(ledger.stored) > 100, "events are taken")
        async with hanging_client(first):
            taken = await asyncio.to_thread(seconds_to_end, first)
        assert first.end() == 0
        assert taken < DEADLINE
        await first.start().ready()
        before = ledger.answers[Told.STORED]
        await until(lambda: ledger.answers[Told.STORED] > before + 100, "the second start takes events")
    stored = [id_ async for id_ in ids_in(stream_free_nats)]
    assert ledger.stored <= set(stored)
    assert len(stored) == len(set(stored))


async def test_a_projector_stopped_under_load_goes_on_where_it_was(
    facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role]
):
    projector = await role("project", NATS_URL=facts.nats_url, DATABASE_URL=database_url).ready()
    async with publishing(facts) as published:
        await until(lambda: has_moved(tables, 0), "facts are projected")
        assert await asyncio.to_thread(seconds_to_end, projector) < DEADLINE
        assert projector.end() == 0
        before = await tables.dealt_with()
        projector.start()
        await until(lambda: has_moved(tables, before), "the second start projects facts")
    await counted_once(tables, published.count)


async def has_moved(tables: Tables, before: int) -> bool:
    return await tables.dealt_with() > before


@pytest.mark.parametrize("name", ["serve", "project"])
async def test_a_role_ends_in_time_although_nats_hangs(
    name: str, nats_server: Callable[[], NatsServer], database_url: str, role: Callable[..., Role]
):
    server = nats_server()
    serve = await role("serve", NATS_URL=await salted(server.url)).ready()
    stopped = serve if name == "serve" else await role(name, NATS_URL=server.url, DATABASE_URL=database_url).ready()
    os.kill(server.pid, signal.SIGSTOP)
    asked = asyncio.create_task(post(serve))
    taken = await asyncio.to_thread(seconds_to_end, stopped)
    assert (await asked).status_code == 503, "what may not have been stored is not acknowledged"
    assert taken < DEADLINE
    assert stopped.end() == 0
