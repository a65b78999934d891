"""SignIns: the cookies that stand for the access token, each until it expires or its browser signs out."""

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.access import same_secret
from contracts.keys import digest_of
from projections import sign_ins
from projections.query.database import at_the_door, open_writing, writing
from projections.query.remembered import Remembered

LIFETIME = timedelta(days=30)
_ID_BYTES = 32


class SignIns:
    """Gives out cookies, knows them again and takes them back, on every replica that asks the same database.

    A cookie is a random id and a seal made of the *token*: another token, or none, makes it worth nothing, and what nobody has
    sealed never reaches the database.
    """

    def __init__(self, *, engine: AsyncEngine, database_url: str, token: str, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._writing = open_writing(database_url)
        self._token = token
        self._clock = clock
        self._known: Remembered[bool] = Remembered()

    async def close(self) -> None:
        """Leave the database."""
        await self._writing.dispose()

    async def begin(self) -> str:
        """Return a new cookie."""
        named = secrets.token_urlsafe(_ID_BYTES)
        cookie = f"{named}.{self._seal(named)}"
        now = self._clock()
        async with writing(self._writing) as connection:
            await sign_ins.begin_sign_in(connection, digest_of(cookie), now=now, expires_at=now + LIFETIME)
        return cookie

    async def know(self, cookie: str) -> bool:
        """Say whether *cookie* is one that was given out and not taken back."""
        named, _, seal = cookie.rpartition(".")
        # Both are always looked at, so that the time it takes says nothing.
        if not same_secret(seal, self._seal(named)) or not named:
            return False
        return await self._known.find(digest_of(cookie), self._look_up)

    async def end(self, cookie: str) -> None:
        """Take *cookie* back."""
        digest = digest_of(cookie)
        async with writing(self._writing) as connection:
            await sign_ins.end_sign_in(connection, digest)
        self._known.forget(digest)

    async def _look_up(self, digest: str) -> bool:
        async with at_the_door(self._engine) as connection:
            return await sign_ins.is_signed_in(connection, digest, self._clock())

    def _seal(self, named: str) -> str:
        return hmac.digest(self._token.encode(), f"collector dashboard {named}".encode(errors="surrogatepass"), "sha256").hex()
