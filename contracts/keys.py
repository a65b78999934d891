"""Keys as both halves meet them: how one is written, where a request shows it, what is kept of it, how it is compared."""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode
from typing import Final

from msgspec import Struct

# ck_<id>_<256 random bits, base64url>: whoever finds one in a log knows what it is, and the id says which without the rest.
PREFIX: Final = "ck"
SECRET_BYTES: Final = 32
_KEY: Final = re.compile(rf"{PREFIX}_([0-9a-z]{{1,32}})_[A-Za-z0-9_-]{{43}}")
# Compared with where there is no key, so that a miss takes as long as a hit.
NO_DIGEST: Final = "0" * 64


class ListedKey(Struct, frozen=True, kw_only=True):
    """A key of COLLECTOR_API_KEYS, of which nobody holds more than its SHA-256; ``id`` is its place in the list."""

    id: str
    tenant: str
    scopes: frozenset[str]
    digest: str

    def __repr__(self) -> str:
        return f"ListedKey(id={self.id!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return [("id", self.id)]


def key_text(short: str, secret: str) -> str:
    """Return the key with the id *short* as people copy it; *secret* is 256 bits as base64url."""
    return f"{PREFIX}_{short}_{secret}"


def id_in(text: str) -> str | None:
    """Return the id that the key *text* names, or None when it is not written as our keys are."""
    written = _KEY.fullmatch(text)
    return None if written is None else written[1]


def digest_of(text: str) -> str:
    """Return the SHA-256 of a whole key, in hexadecimal: all that is ever kept of one."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def same_digest(shown: str, kept: str | None) -> bool:
    """Say whether *shown* is the digest that is *kept*, in the same time where none is."""
    is_same = hmac.compare_digest(shown, NO_DIGEST if kept is None else kept)
    return is_same and kept is not None


def key_in_authorization(value: str) -> str:
    """Return the key in the header Authorization: behind Bearer, as the user name of Basic, or bare; "" where it is broken."""
    scheme, blank, rest = value.strip().partition(" ")
    if not blank:
        return scheme
    match scheme.lower():
        case "bearer":
            return rest.strip()
        case "basic":
            return _user_of(rest.strip())
    return ""


def _user_of(basic: str) -> str:
    try:
        return b64decode(basic, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
