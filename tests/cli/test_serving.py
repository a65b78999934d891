"""The HTTP server's bounds, how it drains, what it counts, and the operator's addresses."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from prometheus_client import REGISTRY

from collector.cli.serving import protocol, server
from collector.cli.serving.asgi import App, Receive, Scope, Send, answer
from collector.cli.serving.dispatch import Dispatch
from collector.cli.serving.health import Operations
from collector.cli.serving.listening import listen
from collector.cli.serving.measure import Measured, Routes
from collector.cli.serving.server import serve_until_told

TOKEN = "a-token-of-the-test"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.request":
        await answer(send, 200, scope["path"].encode(), [])


async def fine() -> dict[str, str]:
    return {"nats": ""}


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


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def ask(app: App, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        return await client.request(method, path, headers=headers)


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


async def test_every_answer_is_counted_by_its_template_method_and_status():
    async def app(scope: Scope, _: Receive, send: Send) -> None:
        if scope["path"] == "/raises":
            raise RuntimeError
        await answer(send, 404 if scope["path"] == "/nowhere" else 200, b"", [])

    measured = Measured(app, Routes(["/raises", "/api/stats/{site:str}/overview", "/js"]))
    before = counted("collector_http_requests_total", route="other", method="GET", status="404")
    await ask(measured, "/nowhere")
    await ask(measured, "/api/stats/shop.example/overview")
    await ask(measured, "/js", "BREW")
    with pytest.raises(RuntimeError):
        await ask(measured, "/raises")
    assert counted("collector_http_requests_total", route="other", method="GET", status="404") == before + 1
    assert counted("collector_http_requests_total", route="/api/stats/{site}/overview", method="GET", status="200") == 1
    assert counted("collector_http_requests_total", route="/js", method="other", status="200") == 1
    assert counted("collector_http_requests_total", route="/raises", method="GET", status="500") == 1
    assert counted("collector_http_requests_in_progress") == 0


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/api/event", "/api/event"),
        ("/api/event/", "/api/event"),
        ("/api/stats/shop.example/overview", "/api/stats/{site}/overview"),
        ("/api/stats/a/b/overview", "other"),
        ("/js/c.js", "/js/*"),
        ("/js", "other"),
        ("/api/event\n", "other"),
        ("/wp-login.php", "other"),
    ],
)
def test_a_path_has_one_of_a_closed_list_of_templates(path, route):
    assert Routes(["/", "/api/event", "/api/stats/{site:str}/overview", "/js/*"]).of(path) == route


async def test_ingest_paths_go_to_ingest_and_everything_else_to_query():
    async def ingest(_: Scope, __: Receive, send: Send) -> None:
        await answer(send, 200, b"ingest", [])

    async def query(_: Scope, __: Receive, send: Send) -> None:
        await answer(send, 200, b"query", [])

    both = Dispatch(ingest=ingest, query=query, paths=["/api/event"], prefixes=["/js"])
    expected = {"/api/event": "ingest", "/js/c.js": "ingest", "/": "query", "/jsx": "query", "/api/event/s": "query"}
    assert {path: (await ask(both, path)).text for path in expected} == expected


async def failing() -> dict[str, str]:
    return {"nats": "is not connected", "salt": ""}


async def hanging() -> dict[str, str]:
    await asyncio.Event().wait()
    return {}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/readyz", "/healthz"])
async def test_readiness_says_which_check_fails_and_liveness_depends_on_nothing(path, method):
    good = Operations(echo, role="test", checks=fine, access_token=None, is_loopback=True)
    bad = Operations(echo, role="test", checks=failing, access_token=None, is_loopback=True)
    ready, unready = await ask(good, path, method), await ask(bad, path, method)
    assert (ready.status_code, unready.status_code) == (200, 503)
    assert {ready.headers["cache-control"], unready.headers["cache-control"]} == {"no-store"}
    assert (await ask(bad, "/livez", method)).status_code == 200
    if method == "GET":
        assert unready.json() == {"status": "unavailable", "checks": {"nats": "is not connected", "salt": "ok"}}


async def test_a_check_that_hangs_is_a_check_that_fails(monkeypatch):
    monkeypatch.setattr("collector.cli.serving.health._CHECK_SECONDS", 0.1)
    stuck = Operations(echo, role="test", checks=hanging, access_token=None, is_loopback=True)
    assert (await ask(stuck, "/readyz")).status_code == 503


async def test_health_takes_no_other_method_and_leaves_other_paths_alone():
    app = Operations(echo, role="test", checks=fine, access_token=None, is_loopback=True)
    assert (await ask(app, "/readyz", "POST")).status_code == 405
    assert (await ask(app, "/readyz/x")).text == "/readyz/x"


@pytest.mark.parametrize(
    ("access_token", "is_loopback", "headers", "status"),
    [
        (None, True, {}, 200),
        (None, False, {}, 401),
        (None, True, {"host": "elsewhere.example"}, 401),
        (TOKEN, True, {}, 200),
        (TOKEN, False, {}, 401),
        (TOKEN, False, {"authorization": "Bearer wrong"}, 401),
        (TOKEN, False, {"authorization": f"Bearer {TOKEN}"}, 200),
        (TOKEN, True, {"x-forwarded-for": "198.51.100.77"}, 401),
        (TOKEN, True, {"x-forwarded-for": "198.51.100.77", "authorization": f"Bearer {TOKEN}"}, 200),
        (None, True, {"x-forwarded-for": "198.51.100.77"}, 401),
    ],
)
async def test_metrics_are_open_to_this_machine_and_to_the_token(access_token, is_loopback, headers, status):
    app = Operations(echo, role="test", checks=fine, access_token=access_token, is_loopback=is_loopback)
    said = await ask(app, "/metrics", **headers)
    assert said.status_code == status
    assert ("collector_build_info" in said.text) is (status == 200)
    assert json.loads(said.text)["code"] == "unauthorized" if status == 401 else True
