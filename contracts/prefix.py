"""Prefix: whom an address stands for where they are counted, as a keyed hash: one IPv4 address, or a /64 of IPv6."""

import socket
from typing import Final

KEY_BYTES: Final = 16
_PREFIX_BYTES: Final = 8
_V4_MAPPED: Final = bytes(10) + b"\xff\xff"


def hashed_prefix(address: str, key: bytes) -> int:
    """Return the hash of the prefix of *address*, which is canonical where it is IPv4; what is no address stands for itself."""
    if ":" in address:
        return hashed(_prefix6(address), key)
    return hash(key + address.encode())


def hashed(text: bytes, key: bytes) -> int:
    """Return the keyed hash of *text*; without *key*, which stays in one process, nobody can try out what it was made of."""
    # Python's own is SipHash, which is made for this, under a key that the process draws when it starts; ours in front keeps it
    # secret also where PYTHONHASHSEED is set. BLAKE2b costs a microsecond, which is one in a hundred, for every hit.
    return hash(key + text)


def _prefix6(address: str) -> bytes:
    try:
        packed = socket.inet_pton(socket.AF_INET6, address.partition("%")[0])
    except (OSError, ValueError):  # not an address, or text that no address can hold
        return address.encode()
    if packed.startswith(_V4_MAPPED):
        return socket.inet_ntop(socket.AF_INET, packed[len(_V4_MAPPED) :]).encode()
    return packed[:_PREFIX_BYTES]
