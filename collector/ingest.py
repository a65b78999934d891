"""The ingest role as a whole: opens what the walk needs, keeps stream and salt in order, and says whether it is ready."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from collector import __version__
from collector.app import IngestApp
from collector.control.sites import sites_of
from collector.jobs import schedule
from collector.metrics import NATS_CONNECTED, SERVICE_INFO, STREAM_DRIFTED, watch_salt
from collector.outcomes import Unavailable, UnavailableReason
from collector.pipeline import Pipeline
from collector.privacy.client_ip import TrustedProxies
from collector.privacy.enrich.lists import Lists
from collector.salts.agreed import AgreedSalts
from collector.salts.source import DerivedSalts
from collector.settings import IngestSettings, SaltMode
from collector.stream import connection as broker
from collector.stream.connection import UNREACHABLE, Connection, StreamDrifted
from collector.stream.monitor import syncs_always
from collector.stream.publisher import Publisher
from collector.upkeep import owned
from contracts.jetstream import JetStreamError
from contracts.streams import streams_of

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.2
FIRST_LOOK_SECONDS = 3.0


class Ingest:
    """The running ingest half: its ``app``, its health and its end."""

    def __init__(
        self, *, settings: IngestSettings, client: Connection, publisher: Publisher, clock: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._client = client
        self._publisher = publisher
        self._clock = clock
        self.salts = (
            DerivedSalts(settings.privacy.secret_key or "")
            if settings.privacy.salt_mode is SaltMode.DERIVED
            else AgreedSalts(client, clock)
        )
        self._stream_problem = "has not been looked at yet"
        self._stream_is_fresh = False
        self._doubts = 0
        lists = Lists.load(mmdb=settings.privacy.mmdb)
        lists.agents.warm()  # else the first visitor waits for it
        self.app = IngestApp(
            Pipeline(sites=sites_of(settings.collection), salts=self.salts, lists=lists, publisher=publisher),
            trusted=TrustedProxies.parse(settings.http.trusted_proxies),
            clock=clock,
        )

    def checks(self) -> dict[str, str]:
        """Return what readiness depends on: name -> "" when good, else what is wrong."""
        return {
            "nats": "" if self._client.is_connected else "is not connected; is COLLECTOR_NATS_URL right and the server up?",
            "stream": self._stream_problem,
            "salt": "" if self.salts.held(self._clock()) is not None else "is not agreed; is this machine's clock right?",
        }

    async def drain(self, seconds: float) -> None:
        """Wait until every event under way has its answer, for at most *seconds*."""
        await self._publisher.drain(seconds)

    def doubt(self) -> None:
        """Trust neither stream nor salt until they have been looked at again: the connection broke."""
        self._publisher.lose()
        self._publisher.hold(UnavailableReason.STREAM_DISCONNECTED)
        self._stream_problem = "has not been looked at since the connection broke"
        self._stream_is_fresh = False
        self._doubts += 1
        if isinstance(self.salts, AgreedSalts):
            self.salts.doubt()

    def recheck_stream(self) -> None:
        """Have the stream looked at again: it refused an event, or the scheduler asks, as it does now and then."""
        self._stream_is_fresh = False

    async def look(self) -> None:
        """See to the stream and the salt once; raise StreamDrifted when the stream broke its promises."""
        if not self._client.is_connected:
            return
        try:
            if not self._stream_is_fresh:
                await self._look_at_stream()
            await self.salts.of(self._clock())
        except JetStreamError as refused:
            self._stream_problem = f"cannot be made: {refused}; is there room for COLLECTOR_STREAM_MAX_BYTES?"
        except (Unavailable, *UNREACHABLE) as error:
            log.debug("not ready yet", extra={"error": type(error).__name__})

    async def _look_at_stream(self) -> None:
        limits = {"max_bytes": self._settings.stream.max_bytes, "replicas": self._settings.stream.replicas}
        doubts = self._doubts
        try:
            for stream in streams_of():
                await broker.ensure_stream(self._client, stream, **limits)
            await self._refuse_late_sync()
        except StreamDrifted as drifted:
            # What is stored under other settings may be lost: better to store nothing, and say so.
            self._publisher.hold(UnavailableReason.STREAM_REFUSED)
            self._stream_problem = str(drifted)
            STREAM_DRIFTED.set(1)
            raise
        if doubts != self._doubts:
            return  # the connection broke meanwhile, and what was looked at may be gone
        self._publisher.resume()
        self._stream_problem = ""
        self._stream_is_fresh = True
        STREAM_DRIFTED.set(0)

    async def _refuse_late_sync(self) -> None:
        url = self._settings.nats.monitor_url
        if url is not None and await asyncio.to_thread(syncs_always, url) is False:
            raise StreamDrifted(
                "nats-server acknowledges events before they are on the disk, and would lose them when the power fails. "
                "Set `sync_interval: always` in its jetstream block and start it again."
            )

    async def watch(self) -> None:
        """Go on looking for ever."""
        while True:
            with contextlib.suppress(StreamDrifted):
                await self.look()
            NATS_CONNECTED.set(self._client.is_connected)
            await asyncio.sleep(WATCH_SECONDS)


@contextlib.asynccontextmanager
async def open_ingest(settings: IngestSettings, nats_url: str, clock: Callable[[], datetime]) -> AsyncIterator[Ingest]:
    """Open the ingest half on *nats_url*; without NATS it opens too, and answers 503 until NATS is there.

    A stream whose settings have drifted is refused with StreamDrifted when NATS is there at the start.
    """
    ingest: Ingest | None = None

    def on_loss() -> None:
        if ingest is not None:
            ingest.doubt()

    def on_refusal() -> None:
        if ingest is not None:
            ingest.recheck_stream()

    client = await broker.connect(nats_url, on_loss=on_loss)
    try:
        async with Publisher(client, on_refusal=on_refusal) as publisher:
            ingest = Ingest(settings=settings, client=client, publisher=publisher, clock=clock)
            with contextlib.suppress(TimeoutError):  # a slow NATS is no reason not to start: it is looked at again and again
                async with asyncio.timeout(FIRST_LOOK_SECONDS):
                    await ingest.look()
            _announce(settings, ingest, clock)
            async with owned(ingest.watch()):
                with schedule(ingest.salts, ingest.recheck_stream):
                    yield ingest
    finally:
        await broker.disconnect(client)


def _announce(settings: IngestSettings, ingest: Ingest, clock: Callable[[], datetime]) -> None:
    watch_salt(clock, ingest.salts.rotated_at)
    SERVICE_INFO.labels(
        __version__, settings.collection.mode.value, settings.collection.tenant, settings.privacy.salt_mode.value
    ).set(1)
