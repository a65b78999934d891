"""Who asked: the one address, of those that a line names, that no trusted proxy speaks for, as ingest has it."""

from functools import lru_cache

from msgspec import Struct

from collector.imports.accesslog.request import Request
from collector.imports.accesslog.skip import Skipped, SkipReason
from collector.privacy.client_ip import TrustedProxies, client_ip

# Whoever comes by a socket is on the same machine.
_BY_SOCKET = "127.0.0.1"


class Client(Struct, frozen=True, kw_only=True):
    """An address, or a name that was looked up for one.

    ``is_proxy`` says that it is a trusted proxy's, which has not said for whom. ``is_doubtful`` says that the request came with
    the address of somebody else, and no proxy that we trust has said so.
    """

    ip: str
    is_proxy: bool = False
    is_doubtful: bool = False

    def __repr__(self) -> str:
        return "Client()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return []


class Clients:
    """Says of each request whose it is, behind the proxies that are *trusted*."""

    def __init__(self, trusted: TrustedProxies) -> None:
        self._trusted = trusted
        # The same few thousand come again and again.
        self._found = lru_cache(maxsize=8192)(self._find)

    def client_of(self, request: Request) -> Client:
        """Return who made *request*, or raise Skipped when nothing tells it."""
        found = self._found(request.peers, request.forwarded)
        if isinstance(found, SkipReason):
            raise Skipped(found)
        return found

    def _find(self, peers: tuple[str, ...], forwarded: tuple[str, ...]) -> Client | SkipReason:
        if not peers and forwarded and self._trusted.vouches(_BY_SOCKET):
            peers = (_BY_SOCKET,)
        if not peers:
            return SkipReason.NO_CLIENT
        hops = (*forwarded, *peers[:-1])
        if len(set(peers)) > 1 and not any(map(self._trusted.vouches, (*hops, peers[-1]))):
            return SkipReason.SEVERAL_CLIENTS
        client = client_ip(peers[-1], [",".join(hops)] if hops else [], self._trusted)
        is_trusted = self._trusted.vouches(client)
        return Client(
            ip=client,
            # At the end of a list that is whole there is somebody, be it in a network that is trusted.
            is_proxy=is_trusted and (not hops or client != hops[0]),
            is_doubtful=bool(forwarded) and not is_trusted and client == peers[-1] and client not in forwarded,
        )
