"""Facts in bulk -> the stream: many under way at once, each confirmed, and sent again with the same id when in doubt."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

from msgspec import Struct

from collector.failure import Failure
from collector.local.directory import running
from collector.local.endpoints import endpoints
from collector.outcomes import Stored, Unavailable, UnavailableReason
from collector.settings import Settings
from collector.stream import connection as broker
from collector.stream.connection import UNREACHABLE, Connection, StreamDrifted
from collector.stream.publisher import Publisher
from collector.stream.streams import Streams
from contracts.events import Fact
from contracts.jetstream import JetStreamError

# As much as the publisher commits together. A known event spoils its group, whose events then go one by one, and all of them
# must be through before the publisher's deadline.
UNDER_WAY = 400
PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.25
_BREATH = 50  # after so many events the publisher gets its turn, for their making never waits


class _Sent(Struct, eq=False):
    event: Fact
    outcome: "asyncio.Future[Stored]"
    is_repeated: bool = False


class Delivery:
    """Sends events and counts the answers: ``stored`` are new in the stream, ``known`` were in it before.

    ``unclear`` are in it too, but their first answer was lost, so they may be either.
    """

    def __init__(self, client: Connection, publisher: Publisher, *, patience: float = PATIENCE_SECONDS) -> None:
        self.client = client
        self.stored = 0
        self.known = 0
        self.unclear = 0
        self._publisher = publisher
        self._patience = patience
        self._under_way: deque[_Sent] = deque()
        self._failing_since: float | None = None
        self._sent = 0

    async def send(self, event: Fact) -> None:
        """Send *event* once fewer than 400 wait for an answer; raise Failure when the stream takes no more."""
        while len(self._under_way) >= UNDER_WAY:
            await self._settle_oldest()
        self._under_way.append(_Sent(event, self._submit(event)))
        self._sent += 1
        if self._sent % _BREATH == 0:
            await asyncio.sleep(0)

    async def finish(self) -> None:
        """Return once every event is in the stream."""
        while self._under_way:
            await self._settle_oldest()

    async def _settle_oldest(self) -> None:
        sent = self._under_way[0]
        try:
            answer = await sent.outcome
        except Unavailable as refused:
            self._lose_patience(refused)
            await asyncio.sleep(_PAUSE_SECONDS)
            self._repeat_failed()
            return
        self._failing_since = None
        self._under_way.popleft()
        if not answer.duplicate:
            self.stored += 1
        elif sent.is_repeated:
            self.unclear += 1
        else:
            self.known += 1

    def tell(self) -> list[tuple[int, str]]:
        """Return the counts with their words."""
        rows = [(self.stored, "new in the event stream"), (self.known, "already known to it")]
        return [*rows, (self.unclear, "in it too, new or known: their first answer was lost")] if self.unclear else rows

    def _repeat_failed(self) -> None:
        for sent in self._under_way:
            if sent.outcome.done() and sent.outcome.exception() is not None:
                sent.outcome = self._submit(sent.event)
                sent.is_repeated = True

    def _submit(self, event: Fact) -> "asyncio.Future[Stored]":
        try:
            outcome = self._publisher.submit(event)
        except Unavailable as refused:
            outcome = asyncio.get_running_loop().create_future()
            outcome.set_exception(refused)
        outcome.add_done_callback(_heed)
        return outcome

    def _lose_patience(self, refused: Unavailable) -> None:
        if refused.reason is UnavailableReason.STREAM_FULL:
            raise Failure(
                f"the event stream is full; {self.stored:,} new events were stored before. Raise COLLECTOR_STREAM_MAX_BYTES "
                "and run the same command again: nothing is counted twice."
            )
        now = asyncio.get_running_loop().time()
        self._failing_since = self._failing_since or now
        if now - self._failing_since > self._patience:
            raise Failure(
                f"NATS has confirmed nothing for {self._patience:.0f} seconds ({refused.reason.value}); {self.stored:,} new "
                "events were stored before. Once it is back, run the same command again: nothing is counted twice."
            )


@contextlib.asynccontextmanager
async def open_delivery(settings: Settings, *, patience: float = PATIENCE_SECONDS) -> AsyncIterator[Delivery]:
    """Lend a delivery to the NATS of the settings, of a running `collector up`, or else to one started for the block.

    A block that ends well has everything it sent in the stream.
    """
    publisher: Publisher | None = None

    def on_loss() -> None:
        if publisher is not None:
            publisher.lose()

    async with _nats_of(settings) as nats_url:
        client = await broker.connect(nats_url, on_loss=on_loss)
        try:
            streams = Streams(
                client,
                max_bytes=settings.stream.max_bytes,
                replicas=settings.stream.replicas,
                partitions=settings.stream.partitions,
            )
            await _await_streams(client, streams, patience)
            async with Publisher(client, streams) as publisher:
                delivery = Delivery(client, publisher, patience=patience)
                yield delivery
                await delivery.finish()
        finally:
            await broker.disconnect(client)


@contextlib.asynccontextmanager
async def _nats_of(settings: Settings) -> AsyncIterator[str]:
    # Postgres is not needed, so it is not started where only NATS is known.
    runtime = running(settings.local.data.absolute())
    if (known := settings.nats.url or (runtime.nats_url if runtime else None)) is not None:
        yield known
        return
    async with endpoints(settings, may_begin=True) as found:
        yield found.nats_url


async def _await_streams(client: Connection, streams: Streams, patience: float) -> None:
    """Return once NATS is there and every stream that there is is as it must be."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while loop.time() < deadline:
        try:
            if client.is_connected:
                _, drifted = await streams.keep()
                if drifted:
                    raise drifted[0]  # here and where keep() itself raises, the words are the same
                return
        except StreamDrifted as drifted:
            raise Failure(str(drifted)) from drifted
        except JetStreamError as refused:
            raise Failure(f"{refused}. Is there room for COLLECTOR_STREAM_MAX_BYTES? Try: collector doctor") from refused
        except UNREACHABLE:
            pass  # it went away again; the deadline decides
        await asyncio.sleep(_PAUSE_SECONDS)
    raise Failure("NATS cannot be reached. Is it running, and is COLLECTOR_NATS_URL right? Try: collector doctor")


def _heed(outcome: "asyncio.Future[Stored]") -> None:
    # Whoever gives up leaves futures behind; asyncio would complain about each exception that nobody looked at.
    if not outcome.cancelled():
        outcome.exception()
