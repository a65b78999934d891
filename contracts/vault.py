"""The vault's format, which both halves read: bucket, entries' names and layout, and the master key; no I/O, no cipher."""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

VAULT_STREAM: Final = "KV_vault"
SUBJECT_ROOT: Final = "$KV.vault"
MAX_ENTRY_BYTES: Final = 64 * 1024
_MAX_BYTES: Final = 1024 * 1024 * 1024

# Entries. ``seal`` is the first there is, and says which key the others are sealed with.
SEAL: Final = "seal"
TOKEN_KEYS: Final = "token-keys"  # noqa: S105  # the name of an entry
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")

_MARK: Final = b"cv1"
_KEY_ID_BYTES: Final = 8
NONCE_BYTES: Final = 12
_HEADER_BYTES: Final = len(_MARK) + _KEY_ID_BYTES + NONCE_BYTES

MASTER_KEY_BYTES: Final = 32
_KEY_FILE = re.compile(r"collector-master-key-1 (?P<key>[A-Za-z0-9_-]{43})")


def vault_settings(*, replicas: int) -> dict[str, Any]:
    """Return the JetStream settings of the bucket: a message of it can be deleted, with its bytes.

    A former revision stays until it is erased: what a limit by subject pushed out would leave its bytes in the block files.
    """
    return {
        "name": VAULT_STREAM,
        "subjects": [f"{SUBJECT_ROOT}.>"],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "max_bytes": _MAX_BYTES,
        "max_msgs": -1,
        "max_msgs_per_subject": -1,
        "max_age": 0,
        "max_msg_size": MAX_ENTRY_BYTES,
        "num_replicas": replicas,
        "deny_purge": True,
        "deny_delete": False,
        "allow_direct": False,
        "allow_rollup_hdrs": False,
    }


# What an entry's safety rests on; the rest may be changed.
FIXED: Final = ("storage", "max_msgs_per_subject", "max_age", "deny_delete", "allow_direct")


def tenant_secret_entry(tenant: str) -> str:
    """Return the name of the entry that holds what the pseudonyms of *tenant* are made with."""
    return f"tenant-secret.{tenant}"


def member_entry(short: str) -> str:
    """Return the name of the entry that holds the particulars of the member whose id is *short*."""
    return f"member.{short}"


def entry_subject(name: str) -> str:
    """Return the subject that the entry *name* lies at."""
    if _NAME.fullmatch(name) is None:
        raise ValueError("an entry's name is made of a-z, 0-9, dash, underscore and dots between them")
    return f"{SUBJECT_ROOT}.{name}"


def entry_of(subject: str) -> str:
    """Return the name of the entry at *subject*."""
    return subject.removeprefix(f"{SUBJECT_ROOT}.")


class Hidden(Struct, frozen=True, kw_only=True):
    """What no repr, log or traceback shows."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return []


class MasterKey(Hidden, frozen=True, kw_only=True):
    """The one key that opens the vault; for each use another is derived from it."""

    key: bytes

    @property
    def id(self) -> bytes:
        """Return what tells this key from others, and says nothing about it."""
        return self._derived(b"id")[:_KEY_ID_BYTES]

    @property
    def for_entries(self) -> bytes:
        """Return the key of AES-256-GCM."""
        return self._derived(b"entries")

    def sign_in_entry(self, name: str) -> str:
        """Return the name of the entry that says whose the sign-in name *name* is; only this key can tell it from the name."""
        digest = hmac.digest(self._derived(b"names"), name.encode("utf-8", "surrogatepass"), "sha256")
        return f"sign-in.{digest[:16].hex()}"

    def _derived(self, use: bytes) -> bytes:
        return hmac.digest(self.key, b"collector vault 1: " + use, hashlib.sha256)


def read_key_file(text: str) -> MasterKey | None:
    """Return the key that a key file says, None when it is empty, cut off or something else."""
    said = _KEY_FILE.fullmatch(text.strip().strip("\0"))
    if said is None:
        return None
    try:
        return MasterKey(key=base64.urlsafe_b64decode(said["key"] + "="))
    except binascii.Error:
        return None


def key_file(key: MasterKey) -> str:
    """Return what a key file says of *key*."""
    return f"collector-master-key-1 {base64.urlsafe_b64encode(key.key).decode().rstrip('=')}\n"


class Sealed(Hidden, frozen=True, kw_only=True):
    """An entry as it is stored: which key it is sealed with, the nonce, and the ciphertext with its tag (AES-256-GCM).

    The entry's name is the associated data, so that no entry can stand in for another.
    """

    key_id: bytes
    nonce: bytes
    ciphertext: bytes

    def stored(self) -> bytes:
        """Return the bytes that are stored."""
        return _MARK + self.key_id + self.nonce + self.ciphertext


def read_sealed(stored: bytes) -> Sealed | None:
    """Return the parts of an entry, None when these are not the bytes of one."""
    if not stored.startswith(_MARK) or len(stored) <= _HEADER_BYTES:
        return None
    rest = stored[len(_MARK) :]
    return Sealed(
        key_id=rest[:_KEY_ID_BYTES],
        nonce=rest[_KEY_ID_BYTES : _KEY_ID_BYTES + NONCE_BYTES],
        ciphertext=rest[_KEY_ID_BYTES + NONCE_BYTES :],
    )


class Particulars(Hidden, frozen=True, kw_only=True):
    """What a member is called, where they are reached, and the argon2 hash of their password."""

    name: str
    password: str
    address: str = ""


class SigningKey(Hidden, frozen=True, kw_only=True):
    """A key that tokens are signed with, by its ``kid``."""

    kid: str
    secret: bytes
    made_at: datetime


class SigningKeys(Hidden, frozen=True, kw_only=True):
    """The keys of tokens that may still be worth something, the newest, which signs, last."""

    keys: tuple[SigningKey, ...] = ()


class ClosedReason(StrEnum):
    """Why the vault does not open; the value is the problem document's ``code``, and WORDS say what to do."""

    NO_KEY = "no_master_key"
    DAMAGED_KEY = "damaged_master_key"
    WRONG_KEY = "wrong_master_key"
    DAMAGED_ENTRY = "damaged_entry"
    DRIFTED = "vault_drifted"


_ASK = "`collector control reset-vault` starts over: it says what is lost, and asks."
WORDS: Final = {
    ClosedReason.NO_KEY: (
        "There is no master key where COLLECTOR_MASTER_KEY_FILE says. Put the file back from your backup. Where nothing was "
        f"kept yet, `collector up` and `collector control init` make one. If it is lost, {_ASK}"
    ),
    ClosedReason.DAMAGED_KEY: (
        "The file that COLLECTOR_MASTER_KEY_FILE names holds no whole master key. Put it back from your backup. If it is lost, "
        f"{_ASK}"
    ),
    ClosedReason.WRONG_KEY: (
        "The master key is not the one that the vault is sealed with: it is another installation's, or NATS is. Put the right "
        f"file back from your backup. If it is lost, {_ASK}"
    ),
    ClosedReason.DAMAGED_ENTRY: (
        "The vault holds something that its own key does not open. Put NATS's files back from a backup. If there is none, "
        f"{_ASK}"
    ),
    ClosedReason.DRIFTED: (
        f"The bucket {VAULT_STREAM} is not as Collector made it: what is destroyed there might stay. Set it back with `nats "
        "stream edit`, which keeps its entries: file storage, no limit by subject or age, deletes allowed, no direct gets."
    ),
}
