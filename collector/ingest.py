"""The ingest role as a whole: opens what the walk needs, keeps streams and salt in order, and says whether it is ready."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Final, NoReturn

from msgspec import Struct

from collector import __version__
from collector.app import IngestApp
from collector.arrival import BodyRoom
from collector.control.sites import sites_of
from collector.dialects import DIALECTS, Dialects
from collector.jobs import schedule
from collector.kinds import KINDS
from collector.kinds.kind import Kind, kinds_by_claim
from collector.limit import Limit, limit_nobody
from collector.metrics import NATS_CONNECTED, SERVICE_INFO, STREAM_DRIFTED, watch_salt
from collector.outcomes import Unavailable, UnavailableReason
from collector.pipeline import Pipeline
from collector.privacy.client_ip import TrustedProxies
from collector.privacy.enrich.lists import Lists
from collector.recognise import Recognise, recognise_nobody
from collector.salts.agreed import AgreedSalts
from collector.salts.derived import DerivedSalts
from collector.salts.precedence import NOBODY_ELSE
from collector.settings import IngestSettings, SaltMode
from collector.stream import connection as broker
from collector.stream.connection import UNREACHABLE, Connection, StreamDrifted
from collector.stream.monitor import syncs_always
from collector.stream.publisher import Publisher
from collector.stream.streams import Streams
from collector.upkeep import running_beside
from contracts.jetstream import JetStreamError
from contracts.streams import FAMILIES, Family

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.2
FIRST_LOOK_SECONDS = 3.0


class Offer(Struct, frozen=True, kw_only=True):
    """What an ingest half takes: dialects, kinds of claims, families of facts; and who may send how much."""

    dialects: Dialects = DIALECTS
    kinds: tuple[Kind, ...] = KINDS
    families: tuple[Family, ...] = FAMILIES
    recognise: Recognise = recognise_nobody
    limit: Limit = limit_nobody


OUR_OFFER: Final = Offer()


class Ingest:
    """The running ingest half: its ``app``, its health and its end."""

    def __init__(
        self,
        *,
        settings: IngestSettings,
        client: Connection,
        streams: Streams,
        publisher: Publisher,
        salts: AgreedSalts | DerivedSalts,
        clock: Callable[[], datetime],
        offer: Offer = OUR_OFFER,
    ) -> None:
        self._settings = settings
        self._client = client
        self._streams = streams
        self._publisher = publisher
        self._clock = clock
        self.salts = salts
        self._stream_problem = "has not been looked at yet"
        self._streams_are_fresh = False
        self._doubts = 0
        lists = Lists.load(mmdb=settings.privacy.mmdb)
        lists.agents.warm()  # else the first visitor waits for it
        pipeline = Pipeline(
            sites=sites_of(settings.collection),
            salts=self.salts,
            lists=lists,
            publisher=publisher,
            clock=clock,
            room=BodyRoom(),
            recognise=offer.recognise,
            limit=offer.limit,
            kinds=kinds_by_claim(offer.kinds),
        )
        trusted = TrustedProxies.parse(settings.http.trusted_proxies)
        self.app = IngestApp(pipeline, trusted=trusted, dialects=offer.dialects)

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
        """Trust neither streams nor salt until they have been looked at again: the connection broke."""
        self._publisher.lose()
        self._publisher.hold(UnavailableReason.STREAM_DISCONNECTED)
        self._stream_problem = "has not been looked at since the connection broke"
        self._streams_are_fresh = False
        self._doubts += 1
        if isinstance(self.salts, AgreedSalts):
            self.salts.doubt()

    def recheck_streams(self) -> None:
        """Have the streams looked at again: one refused an event, or the scheduler asks, as it does now and then."""
        self._streams_are_fresh = False

    async def see_to_it(self) -> None:
        """See to the streams and the salt once; raise StreamDrifted when a stream broke its promises."""
        if not self._client.is_connected:
            return
        try:
            if not self._streams_are_fresh:
                await self._see_to_streams()
            await self.salts.of(self._clock())
        except JetStreamError as refused:
            self._stream_problem = f"cannot be kept: {refused}; is there room for COLLECTOR_STREAM_MAX_BYTES?"
        except (Unavailable, *UNREACHABLE) as error:
            log.debug("not ready yet", extra={"error": type(error).__name__})

    async def _see_to_streams(self) -> None:
        doubts = self._doubts
        try:
            good, drifted = await self._streams.keep()
            await self._refuse_late_sync()
        except StreamDrifted as everywhere:
            # What is stored under other settings may be lost: better to store nothing, and say so.
            self._publisher.hold(UnavailableReason.STREAM_REFUSED)
            self._refuse([everywhere])
        if doubts != self._doubts:
            return  # the connection broke meanwhile, and what was looked at may be gone
        self._publisher.resume()
        for stream in good:
            self._publisher.open(stream)
        for problem in drifted:
            self._publisher.hold(UnavailableReason.STREAM_REFUSED, problem.stream)
        if drifted:
            self._refuse(drifted)
        for stream in self._publisher.unmade():
            await self._streams.make(stream)  # or we say that we are not ready, and why
            self._publisher.open(stream)
        self._stream_problem = ""
        self._streams_are_fresh = True
        STREAM_DRIFTED.set(0)

    def _refuse(self, problems: list[StreamDrifted]) -> NoReturn:
        self._stream_problem = "; ".join(map(str, problems))
        STREAM_DRIFTED.set(1)
        raise problems[0]

    async def _refuse_late_sync(self) -> None:
        url = self._settings.nats.monitor_url
        if url is not None and await asyncio.to_thread(syncs_always, url) is False:
            raise StreamDrifted(
                "nats-server acknowledges events before they are on the disk, and would lose them when the power fails. "
                "Set `sync_interval: always` in its jetstream block and start it again."
            )

    async def watch(self) -> None:
        """See to it again and again, for ever."""
        while True:
            with contextlib.suppress(StreamDrifted):
                await self.see_to_it()
            NATS_CONNECTED.set(self._client.is_connected)
            await asyncio.sleep(WATCH_SECONDS)


@contextlib.asynccontextmanager
async def open_ingest(
    settings: IngestSettings,
    nats_url: str,
    clock: Callable[[], datetime],
    *,
    offer: Offer = OUR_OFFER,
    precedence: timedelta = NOBODY_ELSE,
) -> AsyncIterator[Ingest]:
    """Open the ingest half on *nats_url*; without NATS it opens too, and answers 503 until NATS is there.

    A stream whose settings have drifted is refused with StreamDrifted when NATS is there at the start. *precedence* is given
    to others who may hold the day's salt, where this may not be the only ingest half there is.
    """
    ingest: Ingest | None = None

    def on_loss() -> None:
        if ingest is not None:
            ingest.doubt()

    def on_refusal() -> None:
        if ingest is not None:
            ingest.recheck_streams()

    client = await broker.connect(nats_url, on_loss=on_loss)
    try:
        streams = _streams_of(settings, client, offer)
        salts = _salts_of(settings, client, clock, precedence)
        async with Publisher(client, streams, on_refusal=on_refusal) as publisher:
            ingest = Ingest(
                settings=settings, client=client, streams=streams, publisher=publisher, salts=salts, clock=clock, offer=offer
            )
            with contextlib.suppress(TimeoutError):  # a slow NATS is no reason not to start: it is looked at again and again
                async with asyncio.timeout(FIRST_LOOK_SECONDS):
                    await ingest.see_to_it()
            _announce(settings, ingest, clock)
            async with running_beside(ingest.watch(), ingest.salts.watch()):
                with schedule(ingest.salts, ingest.recheck_streams):
                    yield ingest
    finally:
        await broker.disconnect(client)


def _salts_of(
    settings: IngestSettings, client: Connection, clock: Callable[[], datetime], precedence: timedelta
) -> AgreedSalts | DerivedSalts:
    if settings.privacy.salt_mode is SaltMode.DERIVED:
        return DerivedSalts(settings.privacy.secret_key or "")
    return AgreedSalts(client, clock, replicas=settings.stream.replicas, precedence=precedence)


def _streams_of(settings: IngestSettings, client: Connection, offer: Offer) -> Streams:
    return Streams(
        client,
        max_bytes=settings.stream.max_bytes,
        replicas=settings.stream.replicas,
        partitions=settings.stream.partitions,
        families=offer.families,
    )


def _announce(settings: IngestSettings, ingest: Ingest, clock: Callable[[], datetime]) -> None:
    watch_salt(clock, ingest.salts.rotated_at)
    SERVICE_INFO.labels(
        __version__, settings.collection.mode.value, settings.collection.tenant, settings.privacy.salt_mode.value
    ).set(1)
