"""Who is meant by a user or session id in a question: what stands for it in facts, by the formula that ingest uses."""

from collections.abc import Iterable

from msgspec import Struct

from contracts.pseudonym import pseudonym
from contracts.vault import tenant_secret_entry
from projections.query.caller import Caller
from projections.query.problems import unavailable
from projections.stream.connection import StreamUnavailable
from projections.vault import VaultClosed, VaultReader


class Subjects(Struct, frozen=True, kw_only=True):
    """Finds people by their ids; without a vault only by what stands for them already."""

    vault: VaultReader | None = None

    async def named(self, caller: Caller, sites: Iterable[str], raw: str) -> tuple[str, ...]:
        """Return everything that *raw* may stand as in facts of *sites*: as it is, and under each site's pseudonym.

        Raise Refused while the secret that pseudonyms are made with cannot be had.
        """
        secret = await self._secret(caller.tenant)
        if secret is None:
            return (raw,)
        return (raw, *dict.fromkeys(pseudonym(secret, site=site, user=raw) for site in sites))

    async def _secret(self, tenant: str) -> bytes | None:
        if self.vault is None:
            return None
        try:
            return await self.vault.read(tenant_secret_entry(tenant))
        except VaultClosed as closed:
            raise unavailable("identities_unavailable", f"Nobody can be looked up by an id now. {closed}") from None
        except StreamUnavailable:
            detail = "Nobody can be looked up by an id while NATS cannot be reached. Ask again in a moment."
            raise unavailable("identities_unavailable", detail) from None
