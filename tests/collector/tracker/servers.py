"""The two sides of a visit, on loopback: a collector that records what it is sent and answers as told, and a site."""

import asyncio
import json
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from msgspec import Struct

from collector.tracker.serve import tracker_app
from contracts.snippet import snippet

DEADLINE_SECONDS = 10.0
HANG_UP = 0
"""The status of an answer that never comes."""


class Received(Struct, frozen=True, kw_only=True):
    """One request as it came over the wire."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str = ""

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


class Page(Struct, frozen=True, kw_only=True):
    """One page of the site; the site answers every path it has."""

    html: str
    headers: Mapping[str, str] = {}


class Server(ABC):
    """A threaded HTTP server on a free port."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @abstractmethod
    def answer(self, request: Received, http: BaseHTTPRequestHandler) -> None:
        """Answer *request*, which has been recorded."""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def any_method(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Received(method=self.command, path=self.path, headers=headers, body=body)
                server.received.append(request)
                server.answer(request, self)

            do_GET = do_POST = do_OPTIONS = do_HEAD = any_method  # noqa: N815  # the names http.server looks for

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


class Collector(Server):
    """Serves the real snippet; records what is posted; answers with 204, or with what ``answers`` holds, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: deque[tuple[int, dict[str, str]]] = deque()
        self.body = b""  # of what is not 204
        self.url = f"http://stats.example:{self.port}"

    @property
    def posts(self) -> list[Received]:
        return [request for request in self.received if request.method != "GET"]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [request.event for request in self.posts]

    async def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Return the events once there are *count* of them."""
        await until(lambda: len(self.posts) >= count, lambda: f"{count} events; there are {self.events}")
        return self.events

    def tag(self, url: str = "", **options: str) -> str:
        """Return the snippet's tag with *options* (``auto="false"`` is ``data-auto="false"``)."""
        attributes = "".join(f' data-{name}="{value}"' for name, value in options.items())
        return snippet("shop.example", url or self.url).replace("></script>", f"{attributes}></script>")

    def answer(self, request: Received, http: BaseHTTPRequestHandler) -> None:
        if request.method == "GET":
            asyncio.run(relay(tracker_app, request, http))
            return
        status, headers = self.answers.popleft() if self.answers else (204, {})
        if status == HANG_UP:
            http.close_connection = True
            return
        exposed = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
        write(http, status, exposed | headers, b"" if status == 204 else self.body)


class Site(Server):
    """A site with pages; what it does not have is an empty 204, which a page may use to tell the test something."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Page] = {}
        self.url = f"http://shop.example:{self.port}"

    def put(self, path: str, html: str, **headers: str) -> None:
        self.pages[path] = Page(html=f"<!doctype html><title>{path}</title>{html}", headers=headers)

    def heard(self, path: str) -> bool:
        """Tell whether a page has asked for *path*."""
        return any(request.path == path for request in self.received)

    def answer(self, request: Received, http: BaseHTTPRequestHandler) -> None:
        page = self.pages.get(request.path.partition("?")[0])
        if page is None:
            write(http, 204, {})
            return
        write(http, 200, {"Content-Type": "text/html; charset=utf-8", **page.headers}, page.html.encode())


async def until(condition: Callable[[], bool], wanted: Callable[[], str]) -> None:
    """Wait for *condition*, and fail with what was *wanted* when it does not come."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited for {wanted()}"
        await asyncio.sleep(0.02)


def write(http: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
    http.send_response(status)
    for name, value in headers.items():
        http.send_header(name, value)
    if status != 204:
        http.send_header("Content-Length", str(len(body)))
    http.end_headers()
    http.wfile.write(body)


Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


async def relay(app: App, request: Received, http: BaseHTTPRequestHandler) -> None:
    """Answer *request* with what the ASGI *app* says."""
    headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    scope = {"type": "http", "method": request.method, "path": request.path, "query_string": b"", "headers": headers}

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            http.wfile.write(message["body"])
            return
        http.send_response(message["status"])
        for name, value in message["headers"]:
            http.send_header(name.decode(), value.decode())
        http.end_headers()

    await app(scope, receive, send)
