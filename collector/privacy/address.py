"""The network an IP address lies in: how much of it a look-up or a hash may see."""

import socket

_V4_MAPPED = bytes(10) + b"\xff\xff"


def network_of(ip: str, *, v4_bytes: int, v6_bytes: int) -> str | None:
    """Return the first bytes of *ip* as an address in canonical text, or None when *ip* is no address.

    An IPv4 address that is mapped into IPv6 counts as IPv4, and a zone index does not count.
    """
    try:
        if ":" not in ip:
            return _ipv4(socket.inet_pton(socket.AF_INET, ip), v4_bytes)
        packed = socket.inet_pton(socket.AF_INET6, ip.partition("%")[0])
    except (OSError, ValueError):  # not an address, or text that no address can hold
        return None
    if packed.startswith(_V4_MAPPED):
        return _ipv4(packed[len(_V4_MAPPED) :], v4_bytes)
    return socket.inet_ntop(socket.AF_INET6, packed[:v6_bytes].ljust(16, b"\0"))


def _ipv4(packed: bytes, size: int) -> str:
    return socket.inet_ntop(socket.AF_INET, packed[:size].ljust(4, b"\0"))
