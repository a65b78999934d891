"""The port that a role listens on, taken before anything else is started."""

import socket

from collector.failure import Failure


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to *host* and *port*, or say that it cannot be had and what to do."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Failure(
            f"the address {host} is not one of this machine ({error.strerror}). Choose another with --host."
        ) from error
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise Failure(f"port {port} on {host} cannot be used ({error.strerror}). Choose another with --port.") from error
    return bound
