"""An endpoint of somebody else's that facts are forwarded to: it keeps what it is sent, and answers as a test says."""

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "a secret of the test"


class Listener:
    """What was posted, and ``answers``: the status for a body, 0 to leave without a word; ``says`` are headers beside it."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str], Any]] = []
        self.answers: Callable[[Any], int] = lambda _: 200
        self.says: Callable[[Any], dict[str, str]] = lambda _: {}
        self.url = ""
        self._lock = threading.Lock()

    @property
    def taken(self) -> Counter[str]:
        """How often each event was taken, by its id."""
        with self._lock:
            return Counter(body["eventId"] for _, _, body in self.posts)

    def hear(self, path: str, headers: dict[str, str], body: Any) -> int:
        status = self.answers(body)
        if status == 200:
            with self._lock:
                self.posts.append((path, headers, body))
        return status


@contextlib.contextmanager
def listening() -> Iterator[Listener]:
    """Listen on a free port of this machine."""
    listener = Listener()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = listener.hear(self.path, dict(self.headers), body)
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in listener.says(body).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"OK")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    listener.url = f"http://127.0.0.1:{server.server_port}/api/transformer"
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
