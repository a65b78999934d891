"""Files and folders that only their owner can read, safe on the disk before they are believed, and free loopback ports."""

import os
import re
import secrets
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
# What may stand in an address and in a configuration as it is; shorter is what a cut-off write has left.
_SECRET = re.compile(r"[A-Za-z0-9._~-]{16,}")


def private_folder(path: Path) -> Path:
    """Make *path*, readable by its owner alone; a folder that exists keeps its mode, for it may not be ours."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, text: str, *, owner: tuple[int, int] | None = None) -> None:
    """Replace the file *path* in one step, readable by its owner alone: us, or the user and group given.

    It is on the disk when this returns: a name that outlives a power failure without its content would be believed.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in *folder* are on the disk, as their files are."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def secret_in(path: Path) -> str:
    """Return the secret kept in *path*, made on first use, and again when a power failure has left nothing or half of it.

    Nothing may depend on the old one: the NATS token is in a file written at every start, Postgres' password can be set.
    """
    if not is_secret(kept := told(path)):
        write_private(path, kept := secrets.token_urlsafe(32))
    return kept


def is_secret(text: str) -> bool:
    """Say whether *text* is whole, and may stand in an address and in a configuration."""
    return _SECRET.fullmatch(text) is not None


def told(path: Path) -> str:
    """Return what the file *path* says; nothing when it is missing, empty or not text."""
    try:
        return path.read_text().strip().strip("\0")
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def free_port() -> int:
    """Return a loopback port that is free now; another program may take it before we do."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
