"""Tokens at the door of ingest: checked with signing keys held in memory, which are read beside the requests, never for one."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
from msgspec import structs

from collector.control.directory import Directory
from collector.control.tokens import read_token
from collector.control.vault import Vault, VaultClosed, VaultUnavailable
from collector.hit import Sender
from collector.outcomes import Unavailable, UnavailableReason
from collector.stream.connection import UNREACHABLE, Connection
from contracts.tokens import TokenClaims, kid_of
from contracts.vault import TOKEN_KEYS, ClosedReason, SigningKey, SigningKeys, entry_subject

log = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 1.0


class TokenKeys:
    """The signing keys as they were read last, with which ``sender`` tells whose a token is; ``watch`` never ends.

    They are read when they change, after the connection broke, and now and then when a token names another. While it is not
    known that they are all of them, a token of another is neither taken nor refused.
    """

    def __init__(self, client: Connection, vault: Vault, directory: Directory, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._vault = vault
        self._directory = directory
        self._clock = clock
        self._keys: dict[str, SigningKey] = {}
        self._are_all = False
        self._looked_at = float("-inf")
        self._wanted = asyncio.Event()
        self._is_subscribed = False
        self._closed: ClosedReason | None = None

    def sender(self, shown: str) -> Sender | None:
        """Return who shows the token *shown*, None when it is none that holds; raise Unavailable while nobody can tell."""
        kid = kid_of(shown)
        if not kid:
            return None
        if kid not in self._keys:
            self._miss()
            return None
        claims = read_token(shown, self._keys, self._clock())
        return None if claims is None else self._sender_of(claims)

    def doubt(self) -> None:
        """Read the keys again: the connection broke, and they may have changed meanwhile."""
        self._are_all = False
        self._wanted.set()

    async def watch(self) -> None:
        """Keep the keys as they are in the vault, for ever."""
        while True:
            if self._are_all:
                await self._wanted.wait()
            await self.look()
            if not self._are_all:
                await asyncio.sleep(AGAIN_SECONDS)

    async def look(self) -> None:
        """Read the keys, or leave those that there are where that cannot be done now."""
        if not self._client.is_connected:
            return
        self._wanted.clear()
        self._looked_at = asyncio.get_running_loop().time()
        try:
            await self._hear_of_changes()
            stored = await self._vault.get(TOKEN_KEYS)
        except VaultClosed as closed:
            self._be_closed(closed)
        except (VaultUnavailable, *UNREACHABLE) as error:
            log.debug("the keys of tokens are not read now", extra={"error": type(error).__name__})
        else:
            self._hold(SigningKeys() if stored is None else msgspec.json.decode(stored, type=SigningKeys))

    def _hold(self, keys: SigningKeys) -> None:
        self._keys = {key.kid: key for key in keys.keys}
        self._closed = None
        self._are_all = not self._wanted.is_set()  # else they have changed while they were read

    def _be_closed(self, closed: VaultClosed) -> None:
        self._are_all = False
        if closed.reason is not self._closed:
            log.warning("tokens cannot be checked: %s", closed)
        self._closed = closed.reason

    async def _hear_of_changes(self) -> None:
        if not self._is_subscribed:
            await self._client.subscribe(entry_subject(TOKEN_KEYS), cb=self._change)
            self._is_subscribed = True

    async def _change(self, _: object) -> None:
        # What is written need not be what is stored: of two writers one is refused.
        self.doubt()

    def _miss(self) -> None:
        """Have the keys looked at again, though not for everyone who makes one up; raise Unavailable unless these are all."""
        if not self._are_all:
            raise Unavailable(UnavailableReason.TOKENS, retry_after=1)
        if asyncio.get_running_loop().time() - self._looked_at >= AGAIN_SECONDS:
            self._wanted.set()

    def _sender_of(self, claims: TokenClaims) -> Sender | None:
        """Return whose the token is, as long as the key works that it was given for."""
        key = self._directory.things.keys.get(claims.sub)
        if key is None or not key.works_at(self._clock()):
            return None
        if (key.sender.tenant, key.sender.site) != (claims.tenant, claims.site or ""):
            return None
        return structs.replace(key.sender, scopes=key.sender.scopes.intersection(claims.scopes))
