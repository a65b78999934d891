"""Counting requests outside every framework, so that 404, 413, 429 and 500 are counted as what they were."""

import time

from prometheus_client import Gauge

from collector.asgi import App, Message, Receive, Scope, Send
from collector.counters import Counter, Spread
from collector.serving.table import OTHER, AddressTable

# nginx's number for a request whose client did not wait for the answer, or never sent the rest.
CLIENT_GONE = 499
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# 150 ms is the promise for an ingest request, so it is an edge.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5)

REQUESTS = Counter("collector_http_requests", "HTTP requests by route template.", ["route", "method", "status"])
SECONDS = Spread("collector_http_request_duration_seconds", "Time to answer.", ["route", "method"], edges=_BUCKETS)
IN_PROGRESS = Gauge("collector_http_requests_in_progress", "HTTP requests being answered now.")


class Measured:
    """An ASGI app that counts and times what *app* answers."""

    def __init__(self, app: App, table: AddressTable) -> None:
        self._app = app
        self._table = table
        self._in_progress = 0
        IN_PROGRESS.set_function(lambda: self._in_progress)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count how it was answered."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"]
        where = (self._table.route(method, scope["path"]), method if method in _METHODS else OTHER)
        began = time.perf_counter()
        self._in_progress += 1
        try:
            await self._app(scope, receive, noting)
            status = status or CLIENT_GONE
        finally:
            self._in_progress -= 1
            SECONDS.observe(where, time.perf_counter() - began)
            # 500 is what the server answers when the app raises before it has answered anything.
            REQUESTS.add((*where, str(status or 500)))
