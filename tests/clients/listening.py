"""Stands between a client and the product: hands each request on as it is, and writes down what was asked and answered."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from msgspec import Struct

# What a client's machine and its library say of themselves is no part of what it asks.
OF_THE_WAY = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "keep-alive"}
OF_THE_AGENT = {"user-agent", "accept-language", "priority", "referer", "cache-control", "pragma"}
OF_BROWSERS = "sec-"
PATIENCE = 60


class Exchange(Struct, frozen=True, kw_only=True):
    """One request of a client, and how it was answered."""

    method: str
    target: str
    headers: dict[str, str]
    body: str
    status: int
    answer: str


class Listener(Struct, frozen=True, kw_only=True):
    """Where a client finds the product, and what came by so far."""

    address: str
    heard: list[Exchange]


@contextmanager
def listening(upstream: str, port: int = 0) -> Iterator[Listener]:
    """Lend an address on this machine that answers as *upstream* does."""
    heard: list[Exchange] = []
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(urlsplit(upstream).netloc, heard))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Listener(address=f"http://127.0.0.1:{server.server_port}", heard=heard)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(upstream: str, heard: list[Exchange]) -> type[BaseHTTPRequestHandler]:
    class Between(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _hand_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sent = {name: value for name, value in self.headers.items() if name.lower() not in OF_THE_WAY}
            connection = http.client.HTTPConnection(upstream, timeout=PATIENCE)
            connection.request(self.command, self.path, body=body or None, headers=sent)
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
            heard.append(
                Exchange(
                    method=self.command,
                    target=self.path,
                    headers=_of_the_request(sent),
                    body=body.decode(),
                    status=answer.status,
                    answer=text.decode(errors="replace"),
                )
            )
            self.send_response(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in OF_THE_WAY:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing: what came by is in what was heard."""

        do_GET = do_POST = do_PUT = do_OPTIONS = do_HEAD = _hand_on  # noqa: N815  # as http.server finds them

    return Between


def _of_the_request(sent: dict[str, str]) -> dict[str, str]:
    """Return the headers that are the client's own words."""
    return {
        name: value
        for name, value in sent.items()
        if name.lower() not in OF_THE_AGENT and not name.lower().startswith(OF_BROWSERS) and value != "*/*"
    }
