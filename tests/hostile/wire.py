"""Bytes on a socket, and what came back: HTTP as badly as one likes."""

import contextlib
import json
import socket
from collections.abc import Mapping
from typing import Any, NamedTuple

import httptools

PATIENCE = 30
PROXY = "127.0.0.1"
SITE = "hostile.example"


class Answer(NamedTuple):
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Answers:
    """Every answer on one connection, in order, as httptools reads them."""

    def __init__(self, raw: bytes) -> None:
        self.all: list[Answer] = []
        self._parser = httptools.HttpResponseParser(self)
        self._parser.feed_data(raw)

    def on_message_begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._body = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.all.append(Answer(self._parser.get_status_code(), self._headers, self._body))


def say(port: int, *pieces: bytes, source: str = PROXY) -> list[Answer]:
    """Send *pieces* and return every answer that comes until the server ends the connection."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE, source_address=(source, 0)) as connection:
        # A server that refuses reads no further, and what it said may be lost with the connection.
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(1 << 16):
                said += piece
    return Answers(said).all


def request(method: str, target: str, *headers: str, body: bytes = b"", last: bool = True) -> bytes:
    """Return the bytes of a request; with *last* the server ends the connection after its answer."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *headers]
    if body and not any(header.lower().startswith(("content-length", "transfer-encoding")) for header in headers):
        lines.append(f"Content-Length: {len(body)}")
    if last:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def post(port: int, body: bytes | Mapping[str, Any], *headers: str, path: str = "/api/event", source: str = PROXY) -> Answer:
    """Post *body* and return the answer."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    (answer,) = say(port, request("POST", path, "Content-Type: application/json", *headers, body=sent), source=source)
    return answer


def get(port: int, target: str, *headers: str) -> Answer:
    """Ask for *target* and return the answer."""
    (answer,) = say(port, request("GET", target, *headers))
    return answer
