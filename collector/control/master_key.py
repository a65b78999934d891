"""The master key's file, as a process that needs it reads it; who may make one is in collector/local/master_key.py."""

import secrets
from collections.abc import Callable
from pathlib import Path

from contracts.vault import MASTER_KEY_BYTES, WORDS, ClosedReason, MasterKey, key_file, read_key_file


class VaultClosed(Exception):
    """What lies in the vault cannot be had: ``reason`` says why, the text what to do; nothing else of the product stops."""

    def __init__(self, reason: ClosedReason) -> None:
        super().__init__(WORDS[reason])
        self.reason = reason


def master_key_in(path: Path) -> MasterKey:
    """Return the key in the file *path*, or raise VaultClosed when there is none, or no whole one."""
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise VaultClosed(ClosedReason.NO_KEY) from None
    except (OSError, UnicodeDecodeError):
        raise VaultClosed(ClosedReason.DAMAGED_KEY) from None
    key = read_key_file(text)
    if key is None:
        raise VaultClosed(ClosedReason.DAMAGED_KEY)
    return key


def new_key_file(draw: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return what the file of a new key says."""
    return key_file(MasterKey(key=draw(MASTER_KEY_BYTES)))
