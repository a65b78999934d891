"""The names of COLLECTOR_SITES, which become sites once, as soon as NATS is there: ingest starts without waiting for that."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final

from collector.control.decided import Undecided
from collector.control.listed_sites import Differs, add_listed_sites
from collector.control.plane import open_plane
from collector.settings import Collection, Mode
from collector.stream.connection import Connection

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
_PAUSE_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 1.0


class ListedOnce:
    """Adds the sites that production's settings name, once for each process; ``watch`` never ends."""

    def __init__(
        self, client: Connection, nats_url: str, collection: Collection, clock: Callable[[], datetime], *, replicas: int
    ) -> None:
        self._client = client
        self._nats_url = nats_url
        self._tenant = collection.tenant
        self._names = collection.sites if collection.mode is Mode.PRODUCTION else ()
        self._clock = clock
        self._replicas = replicas

    async def watch(self) -> None:
        """Add the sites when NATS is there, again until it has worked, and then do nothing more."""
        while self._names:
            if not self._client.is_connected:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            try:
                differs = await self._add()
            except Undecided as undecided:
                log.warning("the sites of COLLECTOR_SITES are not added yet: %s", undecided)
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            _say(differs)
            break
        await asyncio.Event().wait()

    async def _add(self) -> list[Differs]:
        plane = open_plane(self._nats_url, clock=self._clock, replicas=self._replicas, patience=_PATIENCE_SECONDS)
        try:
            return await plane.run(lambda plane: add_listed_sites(plane, self._tenant, self._names))
        finally:
            # In a thread, and waited for even when we are cancelled: a connection must not outlive its owner.
            await asyncio.shield(asyncio.to_thread(plane.close))


def _say(differs: list[Differs]) -> None:
    for why, number in Counter(each.why for each in differs).items():
        log.warning("%d name(s) of COLLECTOR_SITES are not collected for, since %s; `collector doctor` names them", number, why)
