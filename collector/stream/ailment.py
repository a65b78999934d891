"""Ailment: the ways in which a broker takes no events, told apart by what it says and what it does not, with what to do."""

import socket
from enum import StrEnum
from urllib.parse import urlsplit

from contracts.servers import split

_KNOCK_SECONDS = 1.0
_PORT = 4222
# Of ENOSPC and EDQUOT, as Go words them.
_FULL_WORDS = ("no space left on device", "disk quota exceeded")
_GREETS = ("nats", "tls", "")  # over a WebSocket the client speaks first


class Ailment(StrEnum):
    """What is wrong; the value says so, and what to do, to whoever runs the broker."""

    GONE = "nobody listens there: start nats-server again (`collector up` does it by itself), or correct COLLECTOR_NATS_URL"
    UNWELCOME = "answers, and does not let us in: is COLLECTOR_NATS_URL right, its token included?"
    FROZEN = "takes connections and does not answer: nats-server is frozen or its machine overloaded; look there"
    LEADERLESS = "answers, and JetStream does not: a leader is being chosen, or JetStream is overloaded; it is asked again"
    DISK_FULL = (
        "nats-server's disk is full, and it stores no events: make room, then start nats-server again, for by itself it stays "
        "like that (`collector up` starts its own again)"
    )
    DISK_FAILED = (
        "nats-server could not write to its disk, and stores no events: its log says why; mend that, then start nats-server "
        "again, for by itself it stays like that (`collector up` starts its own again)"
    )
    STORES_NOTHING = (
        "JetStream answers and stores no events: a leader may be being chosen; if it lasts, see nats-server's log and "
        "/healthz, and whether its disk is full, and then start it again"
    )


def knock(nats_url: str) -> Ailment:
    """Return what keeps a client out of the servers at *nats_url*, by what the likeliest of them does; it blocks."""
    found = {_knock(address) for address in split(nats_url)}
    return next(ailment for ailment in (Ailment.UNWELCOME, Ailment.FROZEN, Ailment.GONE) if ailment in found)


def of_the_store(said: str) -> Ailment | None:
    """Return why nats-server can write no more, as its health page *said*, or None when it does not say so."""
    if any(words in said for words in _FULL_WORDS):
        return Ailment.DISK_FULL
    return Ailment.DISK_FAILED if "write error" in said else None


def _knock(address: str) -> Ailment:
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or _PORT), timeout=_KNOCK_SECONDS) as door:
            return Ailment.UNWELCOME if parts.scheme not in _GREETS or door.recv(1) else Ailment.FROZEN
    except TimeoutError:
        return Ailment.FROZEN
    except OSError:
        return Ailment.GONE
