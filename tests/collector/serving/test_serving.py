"""The HTTP server's bounds, and how it drains."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from collector.asgi import App, Receive, Scope, Send, answer
from collector.serving import protocol, server
from collector.serving.health import Operations
from collector.serving.listening import listen
from collector.serving.server import serve_until_told
from tests.collector.serving.applications import counted, echo, fine


@contextlib.asynccontextmanager
async def served(app: App, *, begin_drain: Callable[[], None] = lambda: None) -> AsyncIterator[tuple[int, asyncio.Task[None]]]:
    with listen("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        serving = asyncio.create_task(serve_until_told(app, bound, begin_drain=begin_drain))
        await eventually_listening(port)
        yield port, serving
        if not serving.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await serving


async def eventually_listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.01)


async def talk(port: int, *pieces: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(30):
            return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_head_that_never_ends_is_answered_408(monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    async with served(echo) as (port, _):
        for beginning in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT"):
            assert b"408 Request Timeout" in await talk(port, beginning)


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
async def test_a_head_that_is_too_large_is_answered_431(end):
    async with served(echo) as (port, _):
        head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Large: " + b"a" * protocol.HEAD_BYTES + end
        assert b"431 Request Header Fields Too Large" in await talk(port, head)


async def test_a_head_without_end_is_cut_off():
    before = counted("collector_http_refused_total", reason="too_large")
    async with served(echo) as (port, _):
        # Who goes on sending may be reset before the answer is read.
        with contextlib.suppress(ConnectionError):
            await talk(port, b"GET / HTTP/1.1\r\nX-Large: ", b"a" * 100 * protocol.HEAD_BYTES)
    assert counted("collector_http_refused_total", reason="too_large") == before + 1


async def test_a_large_body_is_no_large_head():
    async with served(echo) as (port, _):
        head = b"POST /body HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n"
        assert (await talk(port, head + b"a" * 200_000)).endswith(b"/body")


async def test_what_is_not_http_is_answered_400_and_never_repeated():
    async with served(echo) as (port, _):
        said = await talk(port, b"198.51.100.77 is not HTTP\r\n\r\n")
    assert b"400 Bad Request" in said
    assert b"198.51.100.77" not in said


async def test_one_connection_too_many_is_answered_503_and_the_others_live_on(monkeypatch):
    monkeypatch.setattr(protocol, "MAX_CONNECTIONS", 1)
    async with served(echo) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /first HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"/first")
        refused = await talk(port)
        assert b"503 Service Unavailable" in refused
        assert b"retry-after" in refused
        writer.write(b"GET /again HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"/again")
        writer.close()
        await writer.wait_closed()


async def test_sigterm_takes_readiness_away_first_and_finishes_what_is_under_way():
    ready, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Scope, __: Receive, send: Send) -> None:
        ready.set()
        await go_on.wait()
        await answer(send, 200, b"finished", [])

    operations = Operations(slow, role="test", checks=fine, access_token=None, is_loopback=True)
    async with served(operations, begin_drain=operations.begin_drain) as (port, serving):
        under_way = asyncio.create_task(talk(port, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"))
        await ready.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        async with httpx.AsyncClient() as client:
            health = await client.get(f"http://127.0.0.1:{port}/readyz")
        assert (health.status_code, health.json()["checks"]) == (503, {"draining": "is stopping"})
        async with asyncio.timeout(30):
            while not await refuses(port):
                await asyncio.sleep(0.02)
        go_on.set()
        assert (await under_way).endswith(b"finished")
        await serving


async def refuses(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    writer.close()
    await writer.wait_closed()
    return False


async def test_a_client_that_never_sends_its_body_does_not_hold_up_the_end(monkeypatch):
    monkeypatch.setattr(server, "DRAIN_SECONDS", 1)
    async with served(echo) as (port, serving):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123")
        await writer.drain()
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(30):
            await serving
        await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_a_second_signal_does_not_wait():
    stuck = asyncio.Event()

    async def never(_: Scope, __: Receive, ___: Send) -> None:
        stuck.set()
        await asyncio.Event().wait()

    async with served(never) as (port, serving):
        hanging = asyncio.create_task(talk(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        await stuck.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(7):
            await serving
        hanging.cancel()
