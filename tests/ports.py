"""Ports that nobody else is given while a test starts a program on them.

The kernel hands out its ephemeral ports to every connection that is opened and to every server that asks for any port, so
one that was free a moment ago may be an embedded nats-server's when the program under test binds it. These lie below that
range, and each worker of a run has a part of its own.
"""

import os
import random
import socket
from itertools import count

from collector.local.private import LOOPBACK

# Linux begins its ephemeral ports at 32,768, macOS and IANA at 49,152.
_LOWEST, _EACH, _WORKERS = 12_000, 2_500, 8
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
# From anywhere in it: another checkout's run beside this one is seldom at the same place.
_steps = count(random.randrange(_EACH))


def free_port() -> int:
    """Return a loopback port that is free, and that this run gives to nobody else for the next two thousand."""
    while not _is_free(port := _LOWEST + _EACH * _worker + next(_steps) % _EACH):
        pass
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
