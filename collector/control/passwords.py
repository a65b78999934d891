"""Passwords: hashed and compared with argon2id, in threads, a few at a time, and in the same time whoever is not known."""

import asyncio
import unicodedata
from collections.abc import Callable
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from contracts.sessions import SHORTEST_PASSWORD

Result = TypeVar("Result")

SHORTEST: Final = SHORTEST_PASSWORD
LONGEST: Final = 256
# A comparison takes 64 MiB: guessing must not fill the memory that events need.
AT_ONCE: Final = 2
WAITING_MOST: Final = 32


class PasswordsBusy(Exception):
    """So many passwords are being compared that no more may wait."""


class Passwords:
    """Hashes and compares; *hasher* says how much work that is."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys = ""

    async def hashed(self, password: str) -> str:
        """Return the hash of *password*."""
        return await self._at_work(lambda: self._hasher.hash(_canonical(password)))

    async def are_same(self, password: str, kept: str | None) -> bool:
        """Say whether *kept* is the hash of *password*; without one it takes as long, and is wrong."""
        if not self._nobodys:  # for whoever comes first, known or not
            self._nobodys = await self.hashed("nobody's password")
        is_same = await self._at_work(lambda: self._is_same(password, kept or self._nobodys))
        return is_same and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Say whether *kept* was made with less work, or other work, than is done today."""
        return self._hasher.check_needs_rehash(kept)

    def _is_same(self, password: str, kept: str) -> bool:
        try:
            return self._hasher.verify(kept, _canonical(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _at_work(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= WAITING_MOST:
            raise PasswordsBusy
        self._waiting += 1
        try:
            async with self._room:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def _canonical(password: str) -> bytes:
    # The same keys on another keyboard may compose a letter otherwise.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
