"""The secrets that tenants' pseudonyms are made with: made with a tenant's first need, held in memory, destroyed for ever."""

import secrets
from collections.abc import Callable

from collector.control.vault import Overtaken, Vault
from collector.privacy.pseudonym import SECRET_BYTES, TenantSecret
from contracts.vault import tenant_secret_entry


class TenantSecrets:
    """One secret for each tenant, the same in every process."""

    def __init__(self, vault: Vault, *, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._vault = vault
        self._draw = draw
        self._held: dict[str, TenantSecret] = {}

    def held(self, tenant: str) -> TenantSecret | None:
        """Return the secret of *tenant* where it is at hand already; this asks nobody."""
        return self._held.get(tenant)

    async def of(self, tenant: str) -> TenantSecret:
        """Return the secret of *tenant*, making it where there is none; raise VaultClosed or VaultUnavailable."""
        if (held := self._held.get(tenant)) is not None:
            return held
        entry = tenant_secret_entry(tenant)
        key = await self._vault.get(entry)
        if key is None:
            key = await self._made(entry)
        self._held[tenant] = TenantSecret(key=key)
        return self._held[tenant]

    async def destroy(self, tenant: str) -> None:
        """Forget everybody of *tenant*: whoever sends the same user id from now on is somebody new.

        Other processes hold the former one until they forget it, too.
        """
        await self._vault.destroy(tenant_secret_entry(tenant))
        self.forget(tenant)

    def forget(self, tenant: str) -> None:
        """Hold the secret of *tenant* no longer."""
        self._held.pop(tenant, None)

    def tenants(self) -> tuple[str, ...]:
        """Return whose secrets are held."""
        return tuple(self._held)

    async def reread(self, tenant: str) -> None:
        """Hold the secret of *tenant* as it is now, and none that was destroyed; raise as ``of`` does."""
        key = await self._vault.get(tenant_secret_entry(tenant))
        if key is None:
            self.forget(tenant)
        else:
            self._held[tenant] = TenantSecret(key=key)

    async def _made(self, entry: str) -> bytes:
        key = self._draw(SECRET_BYTES)
        try:
            await self._vault.put(entry, key, expected_revision=0)
        except Overtaken:
            return await self._vault.get(entry) or key
        return key
