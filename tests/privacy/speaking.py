"""Speaking HTTP as somebody: from an address of this machine, through the proxy or not, whole or cut off."""

import contextlib
import http.client
import json
import socket
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.privacy.person import Person

PROXY = "127.0.0.1"
PATIENCE = 30
# With this, close() resets the connection instead of ending it.
AT_ONCE = struct.pack("ii", 1, 0)


class Answer(NamedTuple):
    """What came back."""

    asked: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def everything(self) -> bytes:
        # A browser takes an answer to a request with credentials only where this says its own origin again (Fetch standard).
        heads = {name: value for name, value in self.headers.items() if name.lower() != "access-control-allow-origin"}
        return "\n".join(f"{name}: {value}" for name, value in heads.items()).encode() + b"\n" + self.body


class Voice(NamedTuple):
    """A person at a port; ``source`` is where their connections come from."""

    person: Person
    port: int
    source: str = PROXY
    extra: tuple[tuple[str, str], ...] = ()

    def headers(self) -> dict[str, str]:
        """Return what their browser, their proxy and a careless page add to every request."""
        person = self.person
        given = {
            "User-Agent": person.user_agent,
            "Referer": f"https://{person.ip if '.' in person.ip else 'mail.example'}/from?email={person.email}",
            "Cookie": f"session={person.token}",
            "X-Auth-Key": person.api_key,
            "X-Real-IP": person.ip,
            "X-Forwarded-For": person.ip,
            "Forwarded": f'for="{person.ip}"',
        }
        return given | dict(self.extra)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request and return its answer."""
        sent = json.dumps(body).encode() if isinstance(body, dict) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {"Content-Type": "application/json"} if sent is not None else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE, source_address=(self.source, 0))
        try:
            connection.request(method, path, body=sent, headers=kind | self.headers() | named)
            answer = connection.getresponse()
            return Answer(f"{method} {path.partition('?')[0]}", answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def scrape(self) -> Answer:
        """Read the metrics as a scraper on this machine does, which adds nothing."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            return Answer("GET /metrics", answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def say(self, raw: bytes) -> Answer:
        """Send *raw* bytes, which need not be HTTP, and return whatever comes until the end."""
        said = b""
        with self._connected() as connection, contextlib.suppress(ConnectionError):
            connection.sendall(raw)
            while piece := connection.recv(65536):
                said += piece
        return Answer("raw", int(said[9:12] or 0), {}, said)

    def break_off(self, method: str, path: str, body: bytes) -> None:
        """Begin a request, send half of its *body*, and reset the connection."""
        with self._connected() as connection:
            connection.sendall(self.head(method, path, {"Content-Length": str(2 * len(body))}) + body)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)

    def head(self, method: str, path: str, more: Mapping[str, str]) -> bytes:
        """Return the head of a request as bytes."""
        lines = {"Host": "localhost"} | self.headers() | dict(more)
        return (
            f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        ).encode() + b"\r\n"

    def _connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE, source_address=(self.source, 0))
