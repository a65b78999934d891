"""Reader: the messages after a position, in order and without a hole, in batches as large as what is waiting.

nats-py's own ``fetch`` waits for every message with a task and a timer of its own (a quarter of this speed) and may sleep on a
message that is there (nats.py #986), so the reader asks the server itself and takes the messages from a subscription.
"""

import asyncio
import contextlib
import secrets
from contextlib import AsyncExitStack
from typing import Self

import msgspec
from msgspec import structs
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from contracts.codec import CODEC, Codec
from contracts.control.stream import ControlStream
from contracts.jetstream import API, MESSAGE_ID
from contracts.streams import EventStream
from contracts.tallies import TallyStream
from projections.stream.connection import Connection
from projections.stream.delivery import consumer_settings, numbers_in, storable, stored_at_in
from projections.stream.item import Item, Quarantined, read_item

BATCH_MESSAGES = 5_000
BATCH_BYTES = 8 * 1024 * 1024
REQUEST_SECONDS = 0.5
# A healthy server answers every request, at the least that there was nothing.
UNANSWERED_REQUESTS = 5
_QUIET_ROUNDS = 20
# For a place in the middle of a large stream that the server has not in its memory, it reads from the disk.
CREATE_SECONDS = 60.0
# How often nobody may be there for a consumer that has just been made: on another node, it is not known to ours at once.
MISSED_REQUESTS = 10

_REQUEST = msgspec.json.encode(
    {"batch": BATCH_MESSAGES, "max_bytes": BATCH_BYTES, "expires": int(REQUEST_SECONDS * 1_000_000_000)}
)
_NO_MESSAGES, _TIMED_OUT, _CONFLICT, _NOBODY = "404", "408", "409", "503"
_REQUEST_IS_OVER = ("Message Size Exceeds MaxBytes", "Batch Completed")


class Interrupted(ConnectionError):
    """A delivery was lost or the consumer is gone; read on from the position with a new reader."""


class Reader:
    """A consumer of our own that acknowledges nothing: the position in Postgres is the only one that counts."""

    def __init__(
        self,
        connection: Connection,
        stream: EventStream | TallyStream | ControlStream,
        *,
        after: int,
        only: str = "",
        codec: Codec = CODEC,
    ) -> None:
        self._connection = connection
        self._codec = codec
        self._settings = consumer_settings(after=after, only=only)
        self._stream = stream.name
        self._consumer = f"projector-{secrets.token_hex(8)}"
        self._inbox = connection.client.new_inbox()
        self._subscription: Subscription | None = None
        self._arrived: list[Item] = []
        self._worth_taking = asyncio.Event()
        self._trouble = ""
        self._consumer_seq = 0
        self._owed = 0
        self._quiet_rounds = 0
        self._asked_at = 0.0
        self._unanswered = 0
        self._missed = 0

    async def __aenter__(self) -> Self:
        question = {"stream_name": self._stream, "config": self._settings | {"name": self._consumer}}
        async with AsyncExitStack() as unless_it_is_made:
            unless_it_is_made.push_async_callback(self._leave)  # it may yet be made, and for nobody
            await self._connection.ask(f"CONSUMER.CREATE.{self._stream}.{self._consumer}", question, patience=CREATE_SECONDS)
            # What may be under way is bounded by the request; a limit here would only lose messages.
            self._subscription = await self._connection.client.subscribe(
                self._inbox, cb=self._receive, pending_msgs_limit=0, pending_bytes_limit=0
            )
            unless_it_is_made.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leave()

    async def _leave(self) -> None:
        # Without waiting for an answer: the server forgets an idle consumer anyway, and one that is gone must hold up nothing.
        with contextlib.suppress(NatsError):
            if self._subscription is not None:
                await self._subscription.unsubscribe()
            await self._connection.client.publish(f"{API}.CONSUMER.DELETE.{self._stream}.{self._consumer}")

    async def next_batch(self) -> list[Item]:
        """Return all that has come, up to a batch; an empty list when for a moment nothing came."""
        await self._ask()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REQUEST_SECONDS):
                await self._worth_taking.wait()
        if self._trouble:
            raise Interrupted(self._trouble)
        self._worth_taking.clear()
        batch, self._arrived = self._arrived, []
        # Asked for now, the next batch arrives while Postgres works on this one.
        await self._ask()
        await self._notice_standstill(batch)
        return batch

    async def _ask(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._owed and now - self._asked_at < 2 * REQUEST_SECONDS:
            return
        # After a restart of the server a subscription may stay silent for ever (nats.py #504).
        self._unanswered += 1
        if self._unanswered > UNANSWERED_REQUESTS:
            self._stop_because("the server has fallen silent")
            return
        self._owed, self._asked_at = BATCH_MESSAGES, now
        await self._connection.client.publish(
            f"{API}.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}", _REQUEST, reply=self._inbox
        )

    async def _receive(self, message: Msg) -> None:
        self._unanswered = 0
        if not message.reply:
            self._read_status(message.headers or {})
            return
        self._missed = MISSED_REQUESTS
        seq, consumer_seq, pending = numbers_in(message.reply)
        if consumer_seq != self._consumer_seq + 1:
            self._stop_because("a delivery was lost on its way")
        if self._trouble:
            return
        self._consumer_seq = consumer_seq
        message_id = storable((message.headers or {}).get(MESSAGE_ID, ""))
        item = read_item(message.data, seq=seq, message_id=message_id, subject=message.subject, codec=self._codec)
        if isinstance(item, Quarantined) and item.came_at is None:
            item = structs.replace(item, came_at=stored_at_in(message.reply))
        self._arrived.append(item)
        self._owed -= 1
        if pending == 0 or self._owed <= 0:
            self._worth_taking.set()

    def _read_status(self, headers: dict[str, str]) -> None:
        status, description = headers.get("Status", ""), headers.get("Description", "")
        if status in (_NO_MESSAGES, _TIMED_OUT) or (status == _CONFLICT and description in _REQUEST_IS_OVER):
            self._missed = MISSED_REQUESTS
            self._owed = 0
            self._worth_taking.set()
            return
        if status == _NOBODY and self._missed < MISSED_REQUESTS:
            self._missed += 1
            self._owed = 0  # and so it is asked again, after a pause
            return
        self._stop_because(f"the server ended the consumer ({status})")

    def _stop_because(self, trouble: str) -> None:
        self._trouble = self._trouble or trouble
        self._worth_taking.set()

    async def _notice_standstill(self, batch: list[Item]) -> None:
        self._quiet_rounds = 0 if batch else self._quiet_rounds + 1
        if self._quiet_rounds < _QUIET_ROUNDS:
            return
        self._quiet_rounds = 0
        consumer = await self._connection.ask(f"CONSUMER.INFO.{self._stream}.{self._consumer}")
        if consumer.num_pending and not self._arrived:
            raise Interrupted("messages wait and none arrives")
