"""The vault as the query half reads it, over NATS and with the key's file: who is called what, and how pseudonyms are made.

Nothing of it is kept, and none of it goes into Postgres. Without the key these questions are refused, and all others go on.
"""

import asyncio
import base64
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.jetstream import MESSAGE_NOT_FOUND, JetStreamError
from contracts.vault import VAULT_STREAM, WORDS, ClosedReason, MasterKey, entry_subject, read_key_file, read_sealed
from projections.stream.connection import Connection, NoStream, StreamUnavailable

# Of whoever asks while there is no connection.
PATIENCE_SECONDS: Final = 2.0


class VaultClosed(Exception):
    """What lies in the vault cannot be had here: ``reason`` says why, and the text what to do."""

    def __init__(self, reason: ClosedReason) -> None:
        super().__init__(WORDS[reason])
        self.reason = reason


class VaultReader:
    """Reads entries over a connection of its own, which it begins to open with the first question and keeps trying to."""

    def __init__(self, nats_url: str, key_file: Path) -> None:
        self._connection = Connection(nats_url)
        self._key_file = key_file
        self._opening: asyncio.Task[None] | None = None

    async def read(self, name: str) -> bytes | None:
        """Return the value of the entry *name*, None when there is none; or raise VaultClosed or StreamUnavailable."""
        await self._be_connected()
        return await read_entry(self._connection, self._key_file, name)

    async def close(self) -> None:
        """Leave NATS."""
        if self._opening is not None:
            await asyncio.wait({self._opening})
            if not self._opening.cancelled():
                self._opening.exception()  # looked at, so that nobody misses it
        await self._connection.close()

    async def _be_connected(self) -> None:
        if self._opening is None:
            self._opening = asyncio.create_task(self._connection.open(), name="vault-connect")
        opening = self._opening
        await asyncio.wait({opening}, timeout=PATIENCE_SECONDS)
        if not opening.done():
            raise StreamUnavailable("not connected to NATS yet")
        if opening.exception() is not None:
            self._opening = None  # to be tried anew by whoever asks next
        opening.result()


async def read_entry(connection: Connection, key_file: Path, name: str) -> bytes | None:
    """Return the value of the entry *name*, None when there is none; or raise VaultClosed or StreamUnavailable."""
    key = _key_in(key_file)
    try:
        answer = await connection.ask(f"STREAM.MSG.GET.{VAULT_STREAM}", {"last_by_subj": entry_subject(name)})
    except NoStream:
        return None
    except JetStreamError as error:
        if error.err_code != MESSAGE_NOT_FOUND:
            raise
        return None
    return _unsealed(key, name, base64.b64decode(answer.message.data))


def _key_in(path: Path) -> MasterKey:
    try:
        key = read_key_file(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        raise VaultClosed(ClosedReason.NO_KEY) from None
    except (OSError, UnicodeDecodeError):
        key = None
    if key is None:
        raise VaultClosed(ClosedReason.DAMAGED_KEY)
    return key


def _unsealed(key: MasterKey, name: str, stored: bytes) -> bytes:
    sealed = read_sealed(stored)
    if sealed is None:
        raise VaultClosed(ClosedReason.DAMAGED_ENTRY)
    if sealed.key_id != key.id:
        raise VaultClosed(ClosedReason.WRONG_KEY)
    try:
        return AESGCM(key.for_entries).decrypt(sealed.nonce, sealed.ciphertext, name.encode())
    except InvalidTag:
        raise VaultClosed(ClosedReason.DAMAGED_ENTRY) from None
