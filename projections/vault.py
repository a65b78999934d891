"""The vault as the query half reads it, over NATS and with the key's file: who is called what, and how pseudonyms are made.

Nothing of it is kept, and none of it goes into Postgres. Without the key these questions are refused, and all others go on.
"""

import base64
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.jetstream import MESSAGE_NOT_FOUND, JetStreamError
from contracts.vault import VAULT_STREAM, WORDS, ClosedReason, MasterKey, entry_subject, read_key_file, read_sealed
from projections.stream.connection import Connection, NoStream


class VaultClosed(Exception):
    """What lies in the vault cannot be had here: ``reason`` says why, and the text what to do."""

    def __init__(self, reason: ClosedReason) -> None:
        super().__init__(WORDS[reason])
        self.reason = reason


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
