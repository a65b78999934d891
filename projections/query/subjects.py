"""Subjects: what stands for a person in a site's facts, worked out as ingest does, so that one can ask by a user id."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.sites import Identity, Site, site_id
from contracts.jetstream import JetStreamError
from contracts.pseudonym import pseudonym
from contracts.vault import tenant_secret_entry
from projections.control.tables import things_by_id
from projections.query.problems import unavailable
from projections.stream.connection import StreamUnavailable
from projections.vault import VaultClosed, VaultReader

_CODE: Final = "vault_unavailable"
_NO_VAULT: Final = (
    "Questions about a user id need the tenant's secret, which this process does not read. Set COLLECTOR_NATS_URL and "
    "COLLECTOR_MASTER_KEY_FILE for it, or ask by the pseudonym that answers show."
)
_AWAY: Final = "The tenant's secret cannot be read, for NATS is not reached. Ask again in a moment."


async def subjects_of(
    connection: AsyncConnection, vault: VaultReader | None, *, tenant: str, site: str, user: str
) -> tuple[str, ...]:
    """Return every subject that *user* may be on *site*: their pseudonym, and what was asked as it stands.

    A site whose facts are plain has the id itself, and whoever has read a pseudonym in an answer asks by it. Raise Refused
    where a pseudonym is needed and its secret cannot be had.
    """
    identity = await _identity(connection, tenant, site)
    try:
        secret = await _secret(vault, tenant)
    except _Closed as closed:
        if identity is not Identity.PSEUDONYMOUS:
            return (user,)
        raise unavailable(closed.code, str(closed)) from None
    return (user,) if secret is None else (pseudonym(secret, site=site, user=user), user)


class _Closed(Exception):
    def __init__(self, words: str, *, code: str = _CODE) -> None:
        super().__init__(words)
        self.code = code


async def _secret(vault: VaultReader | None, tenant: str) -> bytes | None:
    if vault is None:
        raise _Closed(_NO_VAULT)
    try:
        return await vault.read(tenant_secret_entry(tenant))
    except VaultClosed as closed:
        raise _Closed(f"The tenant's secret cannot be read. {closed}", code=closed.reason.value) from None
    except (StreamUnavailable, JetStreamError):
        raise _Closed(_AWAY) from None


async def _identity(connection: AsyncConnection, tenant: str, site: str) -> Identity:
    id_ = site_id(tenant, site)
    decided = (await things_by_id(connection, [id_])).get(id_)
    return decided.policy.identity if isinstance(decided, Site) else Identity.PSEUDONYMOUS
