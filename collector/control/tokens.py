"""Tokens: what a key is exchanged for, signed with keys of the vault that are rotated; a revoked key's tokens end with it."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import jwt
import msgspec
from msgspec import Struct, to_builtins

from collector.control.denied import Denied, DeniedReason
from collector.control.vault import Overtaken, Vault
from contracts.control.keys import Key
from contracts.tokens import ALGORITHM, AUDIENCE, ISSUER, LIFE, REQUIRED, SKEW, TokenClaims, kid_of, read_claims
from contracts.vault import TOKEN_KEYS, SigningKey, SigningKeys

ROTATED_AFTER: Final = timedelta(days=1)
_KID_BYTES: Final = 8
_SECRET_BYTES: Final = 32
# A token of a key that is not known here yet is looked up, and of one that nobody knows not more often than this.
_LOOK_AGAIN: Final = timedelta(seconds=1)
# The times are ours to judge: PyJWT has a clock of its own, and would take a text for a number.
_OPTIONS: Final[jwt.types.Options] = {"require": REQUIRED, "strict_aud": True, "verify_exp": False, "verify_iat": False}

# The short id of a key -> the key as it is decided about now.
FindKey = Callable[[str], Awaitable[Key | None]]


class Token(Struct, frozen=True, kw_only=True):
    """A token as it is handed out, and when it ends."""

    text: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "Token()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


def sign(claims: TokenClaims, key: SigningKey) -> str:
    """Return the token that says *claims*."""
    return jwt.encode(to_builtins(claims), key.secret, algorithm=ALGORITHM, headers={"kid": key.kid})


def read_token(shown: str, keys: Mapping[str, SigningKey], now: datetime) -> TokenClaims | None:
    """Return what the token *shown* says, None unless it is signed with one of *keys*, whole, for us, and holds *now*.

    Whether the key that it was given for still works is another question.
    """
    key = keys.get(kid_of(shown))
    if key is None:
        return None
    try:
        payload = jwt.decode(shown, key.secret, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=_OPTIONS)
    except jwt.InvalidTokenError:
        return None
    return read_claims(payload, now)


class Tokens:
    """Hands tokens out and checks them; each method raises Denied, VaultClosed, or that the vault is unavailable."""

    def __init__(
        self,
        *,
        vault: Vault,
        find_key: FindKey,
        clock: Callable[[], datetime],
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._vault = vault
        self._find_key = find_key
        self._clock = clock
        self._draw = draw
        self._keys: dict[str, SigningKey] = {}
        self._looked_at: datetime | None = None

    async def exchange(self, key: Key) -> Token:
        """Return a token that may do what *key* may, for a while, or raise Denied when *key* works no more."""
        now = self._clock()
        if not key.works_at(now):
            raise Denied(DeniedReason.TOKEN)
        expires_at = now + LIFE if key.ends_at is None else min(now + LIFE, key.ends_at)
        claims = TokenClaims(
            iss=ISSUER,
            aud=AUDIENCE,
            sub=key.id.partition(":")[2],
            iat=int(now.timestamp()),
            exp=int(expires_at.timestamp()),
            tenant=key.tenant,
            scopes=key.scopes,
            site=key.site,
        )
        return Token(text=sign(claims, await self.signing_key()), expires_at=expires_at)

    async def check(self, shown: str) -> TokenClaims:
        """Return what the token *shown* says, or raise Denied; all that is wrong with one reads alike."""
        now = self._clock()
        claims = read_token(shown, await self.keys_for(kid_of(shown)), now)
        key = None if claims is None else await self._find_key(claims.sub)
        if claims is None or key is None or not key.works_at(now) or key.tenant != claims.tenant:
            raise Denied(DeniedReason.TOKEN)
        return claims

    async def keys_for(self, kid: str) -> Mapping[str, SigningKey]:
        """Return the keys that tokens are checked with, looked up anew when *kid* is not among those that are held."""
        now = self._clock()
        is_due = self._looked_at is None or not timedelta() <= now - self._looked_at < _LOOK_AGAIN
        if kid and kid not in self._keys and is_due:
            self._hold(await self._stored(), now)
        return self._keys

    async def signing_key(self) -> SigningKey:
        """Return the key that signs now, made anew once the last one has signed for long enough."""
        now = self._clock()
        held = await self._vault.find(TOKEN_KEYS)
        keys = SigningKeys() if held is None else msgspec.json.decode(held.value, type=SigningKeys)
        self._hold(keys, now)
        if keys.keys and now - keys.keys[-1].made_at < ROTATED_AFTER:
            return keys.keys[-1]
        made = SigningKey(kid=self._draw(_KID_BYTES).hex(), secret=self._draw(_SECRET_BYTES), made_at=now)
        # A key of before is needed until the last token that it signed has ended.
        kept = [key for key in keys.keys if now - key.made_at < ROTATED_AFTER + LIFE + SKEW]
        rotated = SigningKeys(keys=(*kept, made))
        try:
            revision = 0 if held is None else held.revision
            await self._vault.put(TOKEN_KEYS, msgspec.json.encode(rotated), expected_revision=revision)
        except Overtaken:
            return (await self._stored()).keys[-1]
        self._hold(rotated, now)
        return made

    async def _stored(self) -> SigningKeys:
        said = await self._vault.get(TOKEN_KEYS)
        return SigningKeys() if said is None else msgspec.json.decode(said, type=SigningKeys)

    def _hold(self, keys: SigningKeys, now: datetime) -> None:
        self._keys = {key.kid: key for key in keys.keys}
        self._looked_at = now
