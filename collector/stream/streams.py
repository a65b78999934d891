"""The streams of an installation: which one holds a fact, making it with its first fact, and whether each is as it must be."""

import logging
from collections.abc import Sequence

from collector.stream.connection import (
    Connection,
    Kept,
    StreamDrifted,
    ask,
    ensure_stream,
    keep_stream,
)
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError
from contracts.streams import FAMILIES, FORMER_STREAM, MAX_FACT_BYTES, EventStream, Family, share_of, stream_for, streams_of

log = logging.getLogger(__name__)


class Streams:
    """Every stream of *families*; *max_bytes* is what all of them share, by the families' weights."""

    def __init__(
        self,
        client: Connection,
        *,
        max_bytes: int,
        replicas: int,
        partitions: int = 1,
        families: Sequence[Family] = FAMILIES,
    ) -> None:
        self._client = client
        self._max_bytes = max_bytes
        self._replicas = replicas
        self._partitions = partitions
        self._families = families
        self._told: set[EventStream] = set()
        self._kept: dict[EventStream, Kept] = {}

    def of(self, family: str, tenant: str, site: str) -> EventStream:
        """Return the stream that holds the *family*'s facts of a site."""
        return stream_for(family, tenant, site, partitions=self._partitions)

    async def make(self, stream: EventStream) -> None:
        """See to it that *stream* is there as it must be, or raise StreamDrifted."""
        await refuse_former_stream(self._client)
        share = self._share(stream)
        self._kept[stream] = await ensure_stream(self._client, stream, max_bytes=share, replicas=self._replicas)

    def is_full(self, stream: EventStream) -> bool:
        """Say whether *stream* had no room for one more fact when it was last looked at."""
        kept = self._kept.get(stream)
        return kept is not None and kept.room < MAX_FACT_BYTES

    def is_replicated(self, stream: EventStream) -> bool:
        """Say whether several servers kept *stream* when it was last looked at."""
        kept = self._kept.get(stream)
        return (self._replicas if kept is None else kept.replicas) > 1

    async def keep(self) -> tuple[list[EventStream], list[StreamDrifted]]:
        """Look at every stream that exists, change the limits that are ours to change, and return the good and the drifted.

        A stream that does not exist is neither: it is made with its first fact. Raise FormerStream when there is one.
        """
        await refuse_former_stream(self._client)
        good: list[EventStream] = []
        drifted: list[StreamDrifted] = []
        for stream in streams_of(self._families, partitions=self._partitions):
            try:
                kept = await keep_stream(
                    self._client, stream, max_bytes=self._share(stream), replicas=self._wanted(stream), told=self._told
                )
            except StreamDrifted as problem:
                drifted.append(problem)
                continue
            if kept is not None:
                good.append(stream)
                self._kept[stream] = kept
        return good, drifted

    def _wanted(self, stream: EventStream) -> int:
        """Return how many copies to bring *stream* to: ours once, so that two who were told otherwise do not go on for ever."""
        return self._kept[stream].replicas if stream in self._kept else self._replicas

    def _share(self, stream: EventStream) -> int:
        return share_of(stream, self._max_bytes, self._families)


class FormerStream(StreamDrifted):
    """NATS holds the one stream of before each family had its own; its events are in no stream that this version reads."""


FORMER_ADVICE = (
    f"NATS holds a stream {FORMER_STREAM}, of a Collector from before each family of facts had streams of its own. Its events "
    "are safe there, but this version does not read them. Go on with the version that made it, or give this one a NATS, or a "
    "data directory, of its own."
)


async def refuse_former_stream(client: Connection) -> None:
    """Raise FormerStream when the stream of before is there: to go on beside it would look as if its events were lost."""
    try:
        await ask(client, f"STREAM.INFO.{FORMER_STREAM}")
    except JetStreamError as error:
        if error.err_code == STREAM_NOT_FOUND:
            return
        raise
    raise FormerStream(FORMER_ADVICE)
