"""Care: keeps streams and salt in order for as long as ingest runs, and says what stands in the way of storing events."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

from collector.control.follow import Follower
from collector.control.secrets_at_hand import SecretsAtHand
from collector.control.token_keys import TokenKeys
from collector.metrics import NATS_CONNECTED, STREAM_DRIFTED
from collector.outcomes import Unavailable, UnavailableReason
from collector.salts.agreed import AgreedSalts
from collector.salts.derived import DerivedSalts
from collector.stream.condition import Condition
from collector.stream.connection import UNREACHABLE, Connection, StreamDrifted
from collector.stream.monitor import syncs_always
from collector.stream.publisher import Publisher
from collector.stream.streams import Streams
from contracts.jetstream import JetStreamError

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.2
_NO_SALT = (
    "is not agreed: for the first seconds another ingest may still bring the day's; later, is this machine's clock right?"
)


class Care:
    """Looks at streams and salt whenever there is a reason to, holds the publisher while they are not as they must be."""

    def __init__(
        self,
        client: Connection,
        streams: Streams,
        publisher: Publisher,
        salts: AgreedSalts | DerivedSalts,
        condition: Condition,
        *,
        follower: Follower,
        tokens: TokenKeys,
        secrets: SecretsAtHand,
        clock: Callable[[], datetime],
    ) -> None:
        self.follower = follower
        self.tokens = tokens
        self.secrets = secrets
        self._client = client
        self._streams = streams
        self._publisher = publisher
        self._salts = salts
        self._condition = condition
        self._clock = clock
        self._stream_problem = "has not been looked at yet"
        self._streams_are_fresh = False
        self._doubts = 0

    def problems(self) -> dict[str, str]:
        """Return what readiness depends on: name -> "" when good, else what is wrong; a Note is no reason to be not ready."""
        unseen = "" if self._client.is_connected else "is not connected; is COLLECTOR_NATS_URL right and the server up?"
        full = [f"{lane.stream.name} takes no more: {lane.full}" for lane in self._publisher.lanes() if lane.full]
        return {
            "nats": self._condition.of_nats or unseen,
            "stream": self._stream_problem or self._condition.of_store or "; ".join(full),
            "salt": "" if self._salts.held(self._clock()) is not None else _NO_SALT,
            "control": self.follower.problem(),
        }

    def doubt(self) -> None:
        """Trust neither streams nor salt until they have been looked at again: the connection broke."""
        self._publisher.lose()
        self._publisher.hold(UnavailableReason.STREAM_DISCONNECTED)
        self._stream_problem = "has not been looked at since the connection broke"
        self._streams_are_fresh = False
        self._doubts += 1
        if isinstance(self._salts, AgreedSalts):
            self._salts.doubt()
        self.follower.interrupt()
        self.tokens.doubt()
        self.secrets.doubt()

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
            await self._salts.of(self._clock())
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
        for lane in self._publisher.lanes():
            if lane.is_unmade:
                await self._streams.make(lane.stream)  # or we say that we are not ready, and why
                self._publisher.open(lane.stream)
        self._stream_problem = ""
        self._streams_are_fresh = True
        STREAM_DRIFTED.set(0)

    def _refuse(self, problems: list[StreamDrifted]) -> NoReturn:
        self._stream_problem = "; ".join(map(str, problems))
        STREAM_DRIFTED.set(1)
        raise problems[0]

    async def _refuse_late_sync(self) -> None:
        url = self._condition.monitor_url
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
