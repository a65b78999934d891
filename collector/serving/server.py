"""uvicorn, run in this process: its settings, and how it drains when it is told to stop."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from collector.asgi import App
from collector.serving.protocol import BoundedProtocol

log = logging.getLogger(__name__)

# Load balancers see the 503 of /readyz before the port closes.
NOTICE_SECONDS = 0.5
DRAIN_SECONDS = 8
KEEP_ALIVE_SECONDS = 15
_BACKLOG = 2048
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def serve_until_told(app: App, bound: socket.socket, *, begin_drain: Callable[[], None]) -> None:
    """Answer on *bound* until SIGTERM or SIGINT; then finish what is under way, within DRAIN_SECONDS; a second signal is final.

    Readiness goes first, through *begin_drain*; a client that never finishes its request does not hold us up.
    """
    server = _Server(
        uvicorn.Config(
            app,
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Who the client is behind a proxy is decided by our own rules, which trust nobody by default.
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if server.is_stopping:
            server.force_exit = True
            server.close()
            return
        server.is_stopping = True
        begin_drain()
        loop.call_later(NOTICE_SECONDS, server.close)

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    _keep_what_is_loaded()
    try:
        await server.serve(sockets=[bound])
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


def _keep_what_is_loaded() -> None:
    # It stays to the end: else the garbage collector walks through it every few seconds, while everybody waits.
    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    """uvicorn's server, but for its signal handlers, which close the port at once."""

    is_stopping = False

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to us."""
        yield

    def close(self) -> None:
        """Stop taking connections and begin to wait for those there are."""
        self.should_exit = True
