"""Whether the master key opens the vault, and what is in it, by number alone."""

from collections.abc import AsyncIterator

from collector.cli.checks.finding import Finding, bad, good, odd
from collector.control.bucket import VaultUnavailable
from collector.control.vault import Vault, VaultClosed
from collector.local.key_place import master_key_file
from collector.settings import Settings
from collector.stream import connection as broker
from contracts.vault import ClosedReason

_WITHOUT = "sign-in, tokens and questions by user id are answered 503"


async def examine_vault(settings: Settings, nats_url: str) -> AsyncIterator[Finding]:
    """Look whether the vault opens; of a NATS that is away, others have told."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        if client.is_connected:
            yield await _found(Vault(client, master_key_file(settings.control, settings.local)))
    finally:
        await broker.disconnect(client)


async def _found(vault: Vault) -> Finding:
    try:
        entries = len(await vault.names())
    except VaultClosed as closed:
        return await _closed(vault, closed)
    except VaultUnavailable:
        return bad("Vault", f"does not answer: {_WITHOUT}", "See NATS above: a leader may be being chosen.")
    return good("Vault", f"opens with the master key, and holds {entries} secret(s)")


async def _closed(vault: Vault, closed: VaultClosed) -> Finding:
    if closed.reason is ClosedReason.NO_KEY and await vault.is_empty():
        advice = "`collector up` makes it when it starts, elsewhere `collector control init`."
        return odd("Vault", "there is no master key yet, and nothing is kept", advice)
    return bad("Vault", f"does not open: {_WITHOUT}", str(closed))
