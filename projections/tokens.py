"""Tokens as the query half checks them: with the signing keys in the vault, which it reads again where one is new."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import jwt
import msgspec

from contracts.tokens import ALGORITHM, AUDIENCE, ISSUER, REQUIRED, TokenClaims, kid_of, read_claims
from contracts.vault import TOKEN_KEYS, SigningKeys
from projections.stream.connection import Connection
from projections.vault import read_entry

_LOOK_AGAIN: Final = timedelta(seconds=1)
# The times are ours to judge: PyJWT has a clock of its own, and would take a text for a number.
_OPTIONS: Final[jwt.types.Options] = {"require": REQUIRED, "strict_aud": True, "verify_exp": False, "verify_iat": False}


class TokenReader:
    """Says what tokens say; whether the key that one was given for still works is for whoever knows the keys."""

    def __init__(self, connection: Connection, key_file: Path, *, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._key_file = key_file
        self._clock = clock
        self._secrets: dict[str, bytes] = {}
        self._looked_at: datetime | None = None

    async def claims(self, shown: str) -> TokenClaims | None:
        """Return what *shown* says, None when it is no token that holds now; or raise VaultClosed or StreamUnavailable."""
        secret = await self._secret(kid_of(shown))
        if secret is None:
            return None
        try:
            payload = jwt.decode(shown, secret, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=_OPTIONS)
        except jwt.InvalidTokenError:
            return None
        return read_claims(payload, self._clock())

    async def _secret(self, kid: str) -> bytes | None:
        now = self._clock()
        is_due = self._looked_at is None or not timedelta() <= now - self._looked_at < _LOOK_AGAIN
        if kid and kid not in self._secrets and is_due:
            said = await read_entry(self._connection, self._key_file, TOKEN_KEYS)
            keys = SigningKeys() if said is None else msgspec.json.decode(said, type=SigningKeys)
            self._secrets = {key.kid: key.secret for key in keys.keys}
            self._looked_at = now
        return self._secrets.get(kid)
