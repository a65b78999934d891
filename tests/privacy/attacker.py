"""An attacker with everything on the disk: knows whom to look for and how ids are made, and lacks the day's salt alone."""

import base64
import binascii
import contextlib
import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator

from tests.privacy.person import Person

KEY_BYTES = 32
LONGEST_KEY = 64
# So many of an id are in Postgres, its last.
KEPT_BYTES = 8
# Random bytes hold neither: three zeros in a row are in two of a million keys, twenty letters in a row in none.
NO_KEY = re.compile(rb"\0{3,}|[\t\n\r\x20-\x7e]{20,}")
WORD = re.compile(rb"[0-9A-Za-z+/=_.:-]{16,88}")


def reverses(visitors: frozenset[bytes], hays: Iterable[bytes], person: Person, *, site: str, day: str) -> bool:
    """Tell whether any key that can be made of *hays* shows that *person* was there on *day*."""
    network = ipaddress.ip_network((person.ip, 64), strict=False).network_address if ":" in person.ip else person.ip
    parts = [part.encode() for part in ("main", site, str(network), person.user_agent)]
    message = b"".join(len(part).to_bytes(4) + part for part in parts)
    blake2b = hashlib.blake2b
    return any(blake2b(message, key=key, digest_size=16).digest()[-KEPT_BYTES:] in visitors for key in _keys(hays, day))


def _keys(hays: Iterable[bytes], day: str) -> Iterator[bytes]:
    words: set[bytes] = set()
    for hay in hays:
        words.update(WORD.findall(hay))
        for piece in NO_KEY.split(hay):
            for start in range(len(piece) - KEY_BYTES + 1):
                yield piece[start : start + KEY_BYTES]
    for word in words:
        yield from (key for key in _keys_of_word(word, day.encode()) if 0 < len(key) <= LONGEST_KEY)


def _keys_of_word(word: bytes, day: bytes) -> Iterator[bytes]:
    yield word
    for text in (word, day + word, word + day, day + b":" + word, word + b":" + day):
        digest = hashlib.sha256(text)
        yield digest.digest()
        yield digest.hexdigest().encode()
    with contextlib.suppress(ValueError):
        yield bytes.fromhex(word.decode())
    with contextlib.suppress(binascii.Error):
        yield base64.b64decode(word + b"==", altchars=b"-_" if b"-" in word or b"_" in word else None)
