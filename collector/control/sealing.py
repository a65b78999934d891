"""Sealing an entry of the vault and opening it again: AES-256-GCM with a fresh nonce, bound to the entry's name."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from collector.control.master_key import VaultClosed
from contracts.vault import NONCE_BYTES, ClosedReason, MasterKey, Sealed, read_sealed


def seal(key: MasterKey, name: str, value: bytes) -> bytes:
    """Return what is stored of *value* as the entry *name*."""
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = AESGCM(key.for_entries).encrypt(nonce, value, name.encode())
    return Sealed(key_id=key.id, nonce=nonce, ciphertext=ciphertext).stored()


def unseal(key: MasterKey, name: str, stored: bytes) -> bytes:
    """Return the value of the entry *name*, or raise VaultClosed when *key* is another, or the bytes are not whole."""
    sealed = read_sealed(stored)
    if sealed is None:
        raise VaultClosed(ClosedReason.DAMAGED_ENTRY)
    if sealed.key_id != key.id:
        raise VaultClosed(ClosedReason.WRONG_KEY)
    try:
        return AESGCM(key.for_entries).decrypt(sealed.nonce, sealed.ciphertext, name.encode())
    except InvalidTag:
        raise VaultClosed(ClosedReason.DAMAGED_ENTRY) from None
