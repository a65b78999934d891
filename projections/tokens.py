"""Tokens as the query half checks them: with the signing keys in the vault, which it reads again where one is new."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import jwt
import msgspec

from contracts.jetstream import JetStreamError
from contracts.tokens import ALGORITHM, AUDIENCE, ISSUER, REQUIRED, TokenClaims, kid_of, read_claims
from contracts.vault import TOKEN_KEYS, SigningKeys
from projections.stream.connection import StreamUnavailable
from projections.vault import VaultClosed

AGAIN_SECONDS: Final = 0.25
# The times are ours to judge: PyJWT has a clock of its own, and would take a text for a number.
_OPTIONS: Final[jwt.types.Options] = {"require": REQUIRED, "strict_aud": True, "verify_exp": False, "verify_iat": False}
# Why an entry cannot be had.
_CLOSED: Final = (VaultClosed, StreamUnavailable, JetStreamError)

# The name of an entry of the vault -> its value, None where there is none; or what is _CLOSED.
ReadEntry = Callable[[str], Awaitable[bytes | None]]


class TokenReader:
    """Says what tokens say; whether the key that one was given for still works is for whoever knows the keys."""

    def __init__(self, read: ReadEntry, *, clock: Callable[[], datetime]) -> None:
        self._read = read
        self._clock = clock
        self._secrets: dict[str, bytes] = {}
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._closed: Exception | None = None

    async def claims(self, shown: str) -> TokenClaims | None:
        """Return what *shown* says, None when it is no token that holds now; or raise VaultClosed or StreamUnavailable."""
        kid = kid_of(shown)
        if not kid:
            return None
        if kid not in self._secrets:
            await self._look_for(kid)
        payload = self._payload(shown)
        return None if payload is None else read_claims(payload, self._clock())

    def is_ours(self, shown: str) -> bool:
        """Say whether *shown* was handed out by us, whatever has become of it; by the signing keys that were read last."""
        return self._payload(shown) is not None

    def _payload(self, shown: str) -> object | None:
        secret = self._secrets.get(kid_of(shown))
        if secret is None:
            return None
        try:
            return jwt.decode(shown, secret, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=_OPTIONS)
        except jwt.InvalidTokenError:
            return None

    async def _look_for(self, kid: str) -> None:
        """Read the keys after now: one reads for all who wait meanwhile, and not more often than AGAIN_SECONDS allow."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        async with self._looking:
            if kid in self._secrets:
                return
            if self._looked_at < asked_at:
                await asyncio.sleep(self._looked_at + AGAIN_SECONDS - loop.time())
                self._looked_at = loop.time()
                await self._look()
            if self._closed is not None:
                raise self._closed.with_traceback(None)

    async def _look(self) -> None:
        try:
            said = await self._read(TOKEN_KEYS)
        except _CLOSED as error:
            self._closed = error
            return
        keys = SigningKeys() if said is None else msgspec.json.decode(said, type=SigningKeys)
        self._secrets, self._closed = {key.kid: key.secret for key in keys.keys}, None
