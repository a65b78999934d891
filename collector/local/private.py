"""Files and folders that only their owner can read, the secrets in them, and free loopback ports."""

import os
import secrets
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


def private_folder(path: Path) -> Path:
    """Make *path*, readable by its owner alone; a folder that exists keeps its mode, for it may not be ours."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, text: str, *, owner: tuple[int, int] | None = None) -> None:
    """Replace the file *path* in one step, readable by its owner alone: us, or the user and group given."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        if owner is not None:
            os.fchown(file.fileno(), *owner)
        file.write(text)
    draft.replace(path)


def secret_in(path: Path) -> str:
    """Return the secret kept in *path*, which is made on first use."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


def free_port() -> int:
    """Return a loopback port that is free now; another program may take it before we do."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
