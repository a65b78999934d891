"""Tokens: what a short-lived one says of the key that it was given for, and when that holds; how it is signed is not here.

The algorithm is HS256 alone. Whoever checks a token is one of our own processes and opens the vault, so there is no public key
to hand out, and none that could be taken for a secret (the confusion of RFC 8725, 2.1).
"""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from contracts.control.keys import KeyId, Scope

ALGORITHM: Final = "HS256"
ISSUER: Final = "collector"
AUDIENCE: Final = "collector"
LIFE: Final = timedelta(minutes=15)
# Of clocks of several machines.
SKEW: Final = timedelta(seconds=5)
REQUIRED: Final = ["exp", "iat", "aud", "iss", "sub"]
LONGEST_TOKEN: Final = 4096
_Second = Annotated[int, Meta(ge=0, le=253_402_300_799)]


class TokenHead(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The head of a token, and nothing else: no address of a key, and no key, is taken from it."""

    alg: str
    kid: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    typ: str


class TokenClaims(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a token says: the key that it was given for is ``sub``, and the token ends with it."""

    iss: str
    aud: str
    sub: KeyId
    iat: _Second
    exp: _Second
    tenant: str
    scopes: tuple[Scope, ...]
    site: str | None = None

    def hold_at(self, now: datetime) -> bool:
        """Say whether *now*, by a clock that may differ a little, is between beginning and end, which are not far apart."""
        seconds = now.timestamp()
        is_begun = self.iat <= seconds + SKEW.total_seconds()
        return is_begun and seconds < self.exp and self.exp - self.iat <= LIFE.total_seconds()


def kid_of(shown: str) -> str:
    """Return the id of the key that the token *shown* names, "" when it is no token of ours; its head says nothing else."""
    first, _, _ = shown.partition(".")
    if len(shown) > LONGEST_TOKEN or not first.isascii():
        return ""
    try:
        head = msgspec.json.decode(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)), type=TokenHead)
    except (binascii.Error, msgspec.MsgspecError, UnicodeError):
        return ""
    return head.kid if head.alg == ALGORITHM and head.typ == "JWT" else ""


def read_claims(payload: object, now: datetime) -> TokenClaims | None:
    """Return the claims in *payload*, None unless every one is there, is of its type, and holds *now* for us."""
    try:
        claims = msgspec.convert(payload, TokenClaims)
    except msgspec.ValidationError:
        return None
    return claims if claims.iss == ISSUER and claims.aud == AUDIENCE and claims.hold_at(now) else None
