"""The vault: secrets and people's particulars, which are no events, each entry sealed under the master key."""

from pathlib import Path
from typing import Final

from msgspec import Struct

from collector.control.bucket import Bucket, Overtaken, VaultUnavailable
from collector.control.master_key import VaultClosed, master_key_in
from collector.control.sealing import seal, unseal
from collector.stream.connection import Connection
from contracts.vault import SEAL, ClosedReason, MasterKey

__all__ = ["Held", "Overtaken", "Vault", "VaultClosed", "VaultUnavailable"]

# What the first entry holds: that it opens is all there is to know.
_SEALED: Final = b"collector"


class Held(Struct, frozen=True, kw_only=True):
    """The value of an entry, and the revision that whoever changes it has to name."""

    value: bytes
    revision: int

    def __repr__(self) -> str:
        return f"Held(revision={self.revision})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("revision", self.revision)]


class Vault:
    """Entries by name; every one is read anew, through the leader, and nothing of them is remembered.

    Each of its methods raises VaultClosed when the key is not there or not the one, and VaultUnavailable when NATS is away. The
    key's file is read whenever it is needed, so that one that is put back opens the vault without a restart.
    """

    def __init__(self, client: Connection, key_file: Path, *, replicas: int = 1) -> None:
        self._bucket = Bucket(client, replicas=replicas)
        self._key_file = key_file

    async def get(self, name: str) -> bytes | None:
        """Return the value of the entry *name*, None when there is none."""
        held = await self.find(name)
        return None if held is None else held.value

    async def find(self, name: str) -> Held | None:
        """Return the value of the entry *name* with its revision, None when there is none."""
        key = master_key_in(self._key_file)
        await self._require(key)  # also for what is there: else the time would tell that it is
        last = await self._bucket.last(name)
        if last is None:
            return None
        return Held(value=unseal(key, name, last.stored), revision=last.number)

    async def put(self, name: str, value: bytes, *, expected_revision: int) -> int:
        """Write the entry and return its revision; raise Overtaken unless the newest was *expected_revision*, 0 for none.

        What was there before is erased from the disk.
        """
        key = await self.seal()
        return await self._bucket.write(name, seal(key, name, value), expected=expected_revision)

    async def destroy(self, name: str) -> None:
        """Take the entry away, with its bytes and those of every former revision; without one, do nothing."""
        await self._require(master_key_in(self._key_file))
        await self._bucket.erase(name)

    async def names(self, prefix: str = "") -> list[str]:
        """Return the names of the entries that begin with *prefix*, in order."""
        await self._require(master_key_in(self._key_file))
        return [name for name in await self._bucket.names(prefix) if name != SEAL]

    async def sign_in_entry(self, name: str) -> str:
        """Return the name of the entry that says whose the sign-in name *name* is."""
        return master_key_in(self._key_file).sign_in_entry(name)

    async def is_empty(self) -> bool:
        """Say whether nothing was ever kept here, or everything was taken away; this needs no key."""
        return not await self._bucket.names()

    async def seal(self) -> MasterKey:
        """Let whatever is kept here be kept under our key, and return it; or raise VaultClosed where it is under another."""
        key = master_key_in(self._key_file)
        await self._bucket.ensure()
        if await self._require(key):
            return key
        try:
            await self._bucket.write(SEAL, seal(key, SEAL, _SEALED), expected=0)
        except Overtaken:
            await self._require(key)
        return key

    async def empty(self) -> None:
        """Take everything away for ever; this needs no key."""
        await self._bucket.remove()

    async def _require(self, key: MasterKey) -> bool:
        """Say whether the vault is sealed, with *key*; raise VaultClosed when it is with another."""
        last = await self._bucket.last(SEAL)
        if last is not None:
            unseal(key, SEAL, last.stored)
            return True
        if await self._bucket.names():
            raise VaultClosed(ClosedReason.DAMAGED_ENTRY)
        return False
