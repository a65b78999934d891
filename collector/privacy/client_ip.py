"""Whose address it is: the peer's, unless the peer is a proxy that the operator trusts to speak for others."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Final, Self, TypeAlias

from msgspec import Struct

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

WORDS = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
}


# Where proxies that append to no list name their client, in the order in which they are asked.
CLIENT_HEADERS: Final = (b"x-real-ip", b"cf-connecting-ip")
# By any of these somebody says that they speak for another; the words of CDNs and load balancers that we never read included.
SPEAKING_FOR: Final = frozenset(
    {
        *CLIENT_HEADERS,
        *(
            b"x-forwarded-for",
            b"forwarded",
            b"true-client-ip",
            b"x-client-ip",
            b"x-cluster-client-ip",
            b"x-original-forwarded-for",
        ),
        *(b"fastly-client-ip", b"fly-client-ip", b"x-azure-clientip", b"x-envoy-external-address", b"x-appengine-user-ip"),
    }
)
# This machine and private networks, in canonical text.
NEARBY: Final = (
    *("127.", "10.", "192.168.", "169.254.", *(f"172.{number}." for number in range(16, 32))),
    *("::1", "fc", "fd", "fe80:"),
)


class TrustedProxies(Struct, frozen=True):
    """The networks whose X-Forwarded-For, X-Real-IP and CF-Connecting-IP we believe; nobody's by default.

    Whoever a proxy says nothing of goes by its address, or where ``names_nobody`` by none: so the Flowcore collector's ids
    come out byte for byte.
    """

    networks: tuple[Network, ...] = ()
    names_nobody: bool = False

    @classmethod
    def parse(cls, texts: Iterable[str], *, names_nobody: bool = False) -> Self:
        """Return the proxies that *texts* name: addresses, CIDR networks, ``loopback`` or ``private``."""
        networks: list[Network] = []
        for position, text in enumerate(texts, start=1):
            word = text.strip().lower()
            try:
                networks += [ipaddress.ip_network(network, strict=False) for network in WORDS.get(word, (word,))]
            except ValueError:
                raise ValueError(
                    f"trusted proxy {position} is not an IP address, a CIDR network or one of {', '.join(WORDS)}"
                ) from None
        return cls(tuple(networks), names_nobody)

    def trusts(self, address: Address) -> bool:
        """Say whether *address* is one of the proxies."""
        return any(address in network for network in self.networks)

    def vouches(self, peer: str) -> bool:
        """Say whether *peer*, as a server reports it, is one of the proxies."""
        return bool(self.networks) and (address := parse_address(peer)) is not None and self.trusts(address)


def client_ip(peer: str, forwarded: Sequence[str], trusted: TrustedProxies, named: Sequence[str] = ()) -> str:
    """Return the nearest address that no trusted proxy speaks for, in its canonical text.

    *forwarded* holds every X-Forwarded-For header in its order. Only what a trusted proxy appended is believed, so the walk
    goes from the right and ends at the first stranger; what a stranger wrote further left is never read. Where there is none,
    a trusted proxy may name its client alone: *named* holds what CLIENT_HEADERS say, the first of which counts.
    """
    if not trusted.networks:
        return _canonical(peer)
    if not forwarded:
        return _canonical(peer) if (client := _named_by(peer, named, trusted)) is None else client
    address = parse_address(peer)
    if address is None:
        return peer
    for entry in reversed(",".join(forwarded).split(",")):
        if not trusted.trusts(address):
            break
        hop = parse_address(entry)
        if hop is None:  # nobody knows what stood before it
            break
        address = hop
    return str(address)


def is_left_unread(ip: str, peer: str, forwarded: Sequence[str], *, is_vouched: bool) -> bool:
    """Say whether *ip*, which a request goes by that names somebody else as its sender, is only one of those who pass it on.

    A company's own proxy, which names an address of its network, passes on one visitor of a few, and stands for them.
    """
    if not forwarded:
        return not is_vouched or ip == _canonical(peer)
    text = forwarded[0].partition(",")[0].strip()
    if text == ip:  # as nearly always, and parsing costs as much as the rest of the head
        return False
    first = parse_address(text)
    if first is None:
        return not is_vouched
    named = str(first)
    return named != ip and (ip.startswith(NEARBY) or not named.startswith(NEARBY))


def _named_by(peer: str, named: Sequence[str], trusted: TrustedProxies) -> str | None:
    """Return whom *peer* names as its client, "" for nobody, None where the peer itself is meant."""
    if not (named or trusted.names_nobody):
        return None
    address = parse_address(peer)
    if address is None or not trusted.trusts(address):
        return None
    client = parse_address(named[0]) if named else None
    if client is None:
        return "" if trusted.names_nobody and not named else None
    return str(client)


def _canonical(peer: str) -> str:
    # A server reports an IPv4 peer in canonical text already; parsing it again would be most of the cost.
    if ":" not in peer:
        return peer
    address = parse_address(peer)
    return peer if address is None else str(address)


def parse_address(text: str) -> Address | None:
    """Return the address in *text*, also with a port or in brackets, or None; a mapped IPv4 address is an IPv4 one."""
    host = text.strip()
    if host.startswith("["):
        host, closed, _ = host[1:].partition("]")
        if not closed:
            return None
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
