"""The tenants' secrets at the door of ingest: asked for once, held in memory, and looked after beside the requests."""

import asyncio
import logging
from typing import Final

from collector.control.tenant_secrets import TenantSecrets
from collector.control.vault import Vault, VaultClosed, VaultUnavailable
from collector.outcomes import Unavailable, UnavailableReason
from collector.privacy.pseudonym import TenantSecret
from collector.stream.connection import UNREACHABLE, Connection
from contracts.vault import ClosedReason, entry_subject, tenant_secret_entry

log = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 60.0
_EVERY_SECRET: Final = entry_subject(tenant_secret_entry("any")).removesuffix("any") + "*"


class SecretsAtHand:
    """The secret of each tenant whose people were spoken of; ``watch`` never ends.

    The first who needs one waits for it, for two seconds at the most, and whoever else does waits with them; after a failure
    nobody asks again for a second. What is held serves while the vault is away or closed.
    """

    def __init__(self, client: Connection, vault: Vault) -> None:
        self._client = client
        self._vault = vault
        self._secrets = TenantSecrets(vault)
        self._asking: dict[str, asyncio.Task[TenantSecret]] = {}
        self._failed_at = float("-inf")
        self._wanted = asyncio.Event()
        self._wanted.set()  # to hear of changes from the beginning
        self._is_subscribed = False
        self._closed: ClosedReason | None = None

    def held(self, tenant: str) -> TenantSecret | None:
        """Return the secret of *tenant* where it is at hand; this asks nobody."""
        return self._secrets.held(tenant)

    async def of(self, tenant: str) -> TenantSecret:
        """Return the secret of *tenant*, made where there is none, or raise Unavailable: nobody is named without one."""
        if (held := self._secrets.held(tenant)) is not None:
            return held
        asking = self._asking.get(tenant)
        if asking is None:
            if asyncio.get_running_loop().time() - self._failed_at < AGAIN_SECONDS:
                raise Unavailable(UnavailableReason.SECRET)
            asking = self._asking[tenant] = asyncio.ensure_future(self._asked(tenant))
            asking.add_done_callback(lambda _: self._asking.pop(tenant, None))
        return await asyncio.shield(asking)

    def doubt(self) -> None:
        """Read what is held again: the connection broke, and somebody may have been forgotten meanwhile."""
        self._wanted.set()

    async def watch(self) -> None:
        """Keep the secrets that are held as they are in the vault, for ever."""
        try:
            while True:
                await self._wanted_or_due()
                if not await self.look():
                    self._wanted.set()
                    await asyncio.sleep(AGAIN_SECONDS)
        finally:
            for asking in list(self._asking.values()):
                asking.cancel()

    async def look(self) -> bool:
        """Read every secret again that is held, and say whether that could be done."""
        if not self._client.is_connected:
            return False
        self._wanted.clear()
        try:
            await self._hear_of_changes()
            for tenant in self._secrets.tenants():
                await self._secrets.reread(tenant)
        except VaultClosed as closed:
            self._be_closed(closed)
            return True  # nothing changes until somebody puts the key back, and then it is the same
        except (VaultUnavailable, *UNREACHABLE) as error:
            log.debug("the secrets of tenants are not read now", extra={"error": type(error).__name__})
            return False
        return True

    async def _asked(self, tenant: str) -> TenantSecret:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                secret = await self._secrets.of(tenant)
        except VaultClosed as closed:
            self._be_closed(closed)
            raise self._unavailable() from None
        except (VaultUnavailable, *UNREACHABLE) as error:
            log.debug("a tenant's secret is not to be had now", extra={"error": type(error).__name__})
            raise self._unavailable() from None
        self._closed = None
        return secret

    def _unavailable(self) -> Unavailable:
        self._failed_at = asyncio.get_running_loop().time()
        return Unavailable(UnavailableReason.SECRET)

    def _be_closed(self, closed: VaultClosed) -> None:
        if closed.reason is not self._closed:
            log.warning("no pseudonym can be made: %s", closed)
        self._closed = closed.reason

    async def _wanted_or_due(self) -> None:
        waiting = asyncio.ensure_future(self._wanted.wait())
        try:
            await asyncio.wait({waiting}, timeout=LOOK_SECONDS)
        finally:
            waiting.cancel()

    async def _hear_of_changes(self) -> None:
        if not self._is_subscribed:
            await self._client.subscribe(_EVERY_SECRET, cb=self._change)
            self._is_subscribed = True

    async def _change(self, _: object) -> None:
        # What is written need not be what is stored: of two writers one is refused.
        self.doubt()
