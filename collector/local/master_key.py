"""Making the master key: by `collector up` or `collector control init` alone, and only while the vault holds nothing."""

from pathlib import Path

from collector.control.master_key import VaultClosed, master_key_in, new_key_file
from collector.control.vault import Vault
from collector.local.private import private_folder, write_private
from collector.stream.connection import Connection
from contracts.vault import ClosedReason


async def settle_master_key(client: Connection, path: Path, *, replicas: int) -> bool:
    """See to it that the vault is sealed with the key in *path*, and return whether that was made now.

    Raise VaultClosed when it holds something that this key, or a new one, would not open; then nothing was made.
    """
    vault = Vault(client, path, replicas=replicas)
    is_new = not path.exists()  # noqa: ASYNC240  # nobody else waits on this loop
    if is_new and not await vault.is_empty():
        raise VaultClosed(ClosedReason.NO_KEY)
    if is_new:
        private_folder(path.parent)
        write_private(path, new_key_file())
    try:
        await vault.seal()
    except VaultClosed:
        if is_new:  # another installation on the same NATS was quicker, and this one has sealed nothing
            path.unlink()  # noqa: ASYNC240
        raise
    return is_new


async def start_over(client: Connection, path: Path, *, replicas: int) -> Path | None:
    """Take away all that is in the vault, and seal it anew; a file that holds no whole key is moved aside, and returned."""
    vault = Vault(client, path, replicas=replicas)
    aside = _moved_aside(path)
    await vault.empty()
    await settle_master_key(client, path, replicas=replicas)
    return aside


def _moved_aside(path: Path) -> Path | None:
    try:
        master_key_in(path)
    except VaultClosed as closed:
        if closed.reason is ClosedReason.NO_KEY:
            return None
        number = next(number for number in range(1, 1_000_000) if not path.with_suffix(f".damaged-{number}").exists())
        return path.rename(path.with_suffix(f".damaged-{number}"))
    return None
