"""Sessions of browsers, as both halves know them: the cookie, its digest in the control stream, and the token of its forms."""

import hashlib
import hmac
import secrets
import unicodedata
from typing import Final

COOKIE: Final = "collector_session"
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "x-csrf-token"
JOIN_PATH: Final = "/join"
# Characters of a password.
SHORTEST_PASSWORD: Final = 12
# And of a name that somebody signs in with.
LONGEST_NAME: Final = 100
# As it is typed, a letter may come in as many parts; what is longer still is nobody's.
LONGEST_TYPED_NAME: Final = 4 * LONGEST_NAME
_TOKEN_BYTES: Final = 32
_SAME: Final = frozenset({"same-origin", "none"})


def digest_of(secret: str) -> str:
    """Return what stands for *secret*, a cookie or an invitation, wherever it is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def folded_name(name: str) -> str:
    """Return what *name*, which somebody signs in with, is compared as: neither case nor the form of its letters counts.

    One that is too long is nobody's, and stays as it is: to compose letters takes the square of a length.
    """
    if len(name) > LONGEST_TYPED_NAME:
        return name
    return unicodedata.normalize("NFKC", name).strip().casefold()


def csrf_token(secret: str) -> str:
    """Return what a form shows beside the cookie *secret*; whoever cannot read the cookie cannot know it."""
    return hmac.digest(secret.encode("utf-8", "surrogatepass"), b"collector form", "sha256").hex()


def masked_csrf(secret: str) -> str:
    """Return csrf_token() as a page shows it: otherwise each time.

    Pages are compressed, and hold what an address says: a text that stayed the same could be guessed, letter by letter, by the
    length of the answers (BREACH).
    """
    mask = secrets.token_bytes(_TOKEN_BYTES)
    return (mask + _mixed(mask, bytes.fromhex(csrf_token(secret)))).hex()


def shows_csrf(shown: str, secret: str) -> bool:
    """Say whether *shown* is the token of *secret*, as a page or as the administration shows it."""
    try:
        told = bytes.fromhex(shown)
    except ValueError:
        return False
    if len(told) == 2 * _TOKEN_BYTES:
        told = _mixed(told[:_TOKEN_BYTES], told[_TOKEN_BYTES:])
    return hmac.compare_digest(told, bytes.fromhex(csrf_token(secret)))


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))


def is_same_origin(*, fetch_site: str | None, origin: str | None, host: str) -> bool:
    """Say whether a request comes from a page of ours, or from no page: by Sec-Fetch-Site, else by Origin and Host."""
    if fetch_site is not None:
        return fetch_site in _SAME
    # As texts: an origin that is no address must not be read as one, and an absent host is nobody's origin.
    return origin is None or (host != "" and origin.lower().partition("://")[2] == host.lower())


def join_link(public_url: str, invitation: str) -> str:
    """Return the one-time link of *invitation*, which no browser sends on: neither to us nor to another page."""
    return f"{public_url.rstrip('/')}{JOIN_PATH}#{invitation}"
