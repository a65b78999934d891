"""Subjects: the pseudonym that stands for a user id in the facts of a site, for questions that name the id itself."""

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.sites import Identity, Site, site_id
from contracts.jetstream import JetStreamError
from contracts.pseudonym import pseudonym
from contracts.vault import tenant_secret_entry
from projections.control.tables import things_by_id
from projections.query.problems import unavailable
from projections.stream.connection import StreamUnavailable
from projections.vault import VaultClosed, VaultReader


class Subjects:
    """Makes of a raw id what ingest has made of it; nothing is kept, so that whoever was forgotten stays so."""

    def __init__(self, vault: VaultReader | None) -> None:
        self._vault = vault

    async def of(self, connection: AsyncConnection, tenant: str, site: str, raw: str) -> str:
        """Return what stands for *raw* on *site*, "" where nobody is told from others; raise Refused when it cannot be made."""
        site_ = (await things_by_id(connection, [site_id(tenant, site)])).get(site_id(tenant, site))
        identity = site_.policy.identity if isinstance(site_, Site) else Identity.PSEUDONYMOUS
        if not raw or identity is Identity.ANONYMOUS:
            return ""
        if identity is Identity.PLAIN:
            return raw
        secret = await self._secret(tenant)
        return "" if secret is None else pseudonym(secret, site=site, user=raw)

    async def _secret(self, tenant: str) -> bytes | None:
        """Return the tenant's secret, None while nobody of theirs was ever named."""
        if self._vault is None:
            raise unavailable("no_vault", "Nobody can be looked up without NATS. Set COLLECTOR_NATS_URL for this role.")
        try:
            return await self._vault.read(tenant_secret_entry(tenant))
        except VaultClosed as closed:
            raise unavailable(closed.reason.value, str(closed)) from closed
        except (StreamUnavailable, JetStreamError) as away:
            raise unavailable("vault_unavailable", "NATS cannot be reached, so nobody can be looked up. Ask again.") from away
