"""Condition: how the broker is now, looked at again and again, and said once whenever it changes."""

import asyncio
import logging

from nats.aio.msg import Msg

from collector.stream.ailment import Ailment, knock, of_the_store
from collector.stream.connection import REQUEST_SECONDS, UNREACHABLE, Connection, ask
from collector.stream.monitor import health
from collector.stream.publisher import Publisher
from contracts.jetstream import JetStreamError
from contracts.servers import read_servers

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
# Two rounds of questions of a second each without an answer: whatever it is is known within five.
MISSED_MOST = 2
# nats-server logs each look at its health while that is bad.
HEALTH_SECONDS = 2.0
# For so long what was not confirmed says that nothing is; then somebody has to try again.
SILENT_SECONDS = 30.0
# One event that was lost on its way says nothing of the next.
LASTING_SECONDS = 2.0
_OF_NO_CONNECTION = frozenset({Ailment.GONE, Ailment.UNWELCOME})


class Condition:
    """Tells a broker that is gone from one that is frozen, and a full disk from a stream that stores nothing else.

    A stream that is full says so itself; see Lane.full.
    """

    def __init__(self, client: Connection, publisher: Publisher, *, nats_url: str, monitor_url: str | None) -> None:
        self._client = client
        self._publisher = publisher
        self._nats_url = nats_url
        self.monitor_url = monitor_url
        self._missed = 0
        self._suspected: Ailment | None = None
        self._unwelcome_rounds = 0
        self._inbox = client.new_inbox()
        self._heard = asyncio.Event()
        self._listens = False
        self._health: str | None = None
        self._health_at = -HEALTH_SECONDS
        self._of_nats: Ailment | None = None
        self.of_store: Ailment | None = None

    @property
    def of_nats(self) -> Ailment | None:
        """Return what keeps us from NATS now."""
        is_over = self._client.is_connected and self._of_nats in _OF_NO_CONNECTION  # connected since the last look
        return None if is_over else self._of_nats

    async def watch(self) -> None:
        """Look again and again, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once."""
        nats = await self._nats()
        store = None if nats is not None else await self._store()
        for subject, before, now in (("nats", self._of_nats, nats), ("store", self.of_store, store)):
            if now is not None and now is not before:
                log.error("%s: %s", subject, now.value)
            elif before is not None and now is None:
                log.info("%s: is well again", subject)
        self._of_nats, self.of_store = nats, store

    async def _nats(self) -> Ailment | None:
        if not self._client.is_connected:
            self._missed = 0
            self._health, self._health_at = None, -HEALTH_SECONDS  # of the server before, it may be
            found = await asyncio.to_thread(knock, self._nats_url)
            is_new = found is Ailment.UNWELCOME and self._unwelcome_rounds == 0
            self._unwelcome_rounds = self._unwelcome_rounds + 1 if found is Ailment.UNWELCOME else 0
            return self._of_nats if is_new else found  # we may be on our way in
        began = asyncio.get_running_loop().time()
        try:
            await ask(self._client, "INFO")
        except JetStreamError:
            pass  # an answer
        except UNREACHABLE:
            if not any(lane.answered_at >= began for lane in self._publisher.lanes()):
                return await self._unanswered()
        self._missed = 0
        return None

    async def _unanswered(self) -> Ailment | None:
        """Tell a server that says nothing at all from one whose JetStream is silent, once it has been so twice."""
        found = Ailment.LEADERLESS if await self._hears_itself() else Ailment.FROZEN
        self._missed = self._missed + 1 if found is self._suspected else 1
        self._suspected = found
        if self._missed < MISSED_MOST:
            return self._of_nats
        if found is Ailment.FROZEN and read_servers(self._nats_url).are_several:
            await self._client.force_reconnect()  # nats-py by itself believes in this one for 15 seconds
        return found

    async def _hears_itself(self) -> bool:
        """Say whether what is sent to ourselves comes back. Not by nats-py's flush: one that times out breaks its reading."""
        self._heard.clear()
        try:
            if not self._listens:
                await self._client.subscribe(self._inbox, cb=self._hear)
                self._listens = True
            async with asyncio.timeout(REQUEST_SECONDS):
                await self._client.publish(self._inbox)
                await self._heard.wait()
        except UNREACHABLE:
            return False
        return True

    async def _hear(self, _: Msg) -> None:
        self._heard.set()

    async def _store(self) -> Ailment | None:
        now = asyncio.get_running_loop().time()
        if self.monitor_url is not None and now - self._health_at >= HEALTH_SECONDS:
            self._health_at = now
            self._health = await asyncio.to_thread(health, self.monitor_url)
        if self._health is not None:
            return of_the_store(self._health)
        silent = [lane for lane in self._publisher.lanes() if lane.missed_at > lane.answered_at and not lane.full]
        lasting = [lane for lane in silent if lane.missed_at - lane.missing_since > LASTING_SECONDS]
        if self._missed or all(now - lane.missed_at > SILENT_SECONDS for lane in lasting):
            return None
        return Ailment.STORES_NOTHING
