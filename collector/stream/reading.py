"""Reading: what a stream holds behind a sequence, then what comes in, in order and without a hole, until something breaks."""

import asyncio
import contextlib
import secrets
from typing import Final, NamedTuple, Self

import msgspec
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from collector.stream.connection import Connection, ask
from contracts.jetstream import API, MESSAGE_ID

BATCH_MESSAGES: Final = 500
REQUEST_SECONDS: Final = 1
# A healthy server answers every request, at the least that there was nothing; after a restart a subscription may stay silent
# for ever (nats.py #504).
SILENT_SECONDS: Final = 3.0
INACTIVE_SECONDS: Final = 30
# How often nobody may be there for a consumer that has just been made: on another node, it is not known to ours at once.
MISSED_REQUESTS: Final = 10
_PAUSE_SECONDS = 0.1
_NANOSECONDS = 1_000_000_000

_REQUEST = msgspec.json.encode({"batch": BATCH_MESSAGES, "expires": REQUEST_SECONDS * _NANOSECONDS})
_NO_MESSAGES, _TIMED_OUT, _CONFLICT, _NOBODY = "404", "408", "409", "503"
_REQUEST_IS_OVER = ("Message Size Exceeds MaxBytes", "Batch Completed")
# $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>...; the newer form has the domain and the account before the stream.
_TOKENS_OF_V1, _NUMBERS_IN_V1, _NUMBERS_IN_V2 = 9, 4, 6


class Interrupted(ConnectionError):
    """A delivery was lost, or the consumer is gone; read on behind the last sequence with a new reading."""


class Message(NamedTuple):
    """One message, as it lies in the stream, with the id that it was sent with; ``pending`` are behind it."""

    seq: int
    pending: int
    subject: str
    body: bytes
    id: str = ""


class Reading:
    """A consumer of our own that acknowledges nothing; use it as an async context manager."""

    def __init__(self, client: Connection, stream: str, *, after: int) -> None:
        self._client = client
        self._stream = stream
        self._after = after
        self._consumer = f"ingest-{secrets.token_hex(8)}"
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None
        self._arrived: list[Message] = []
        self._worth_taking = asyncio.Event()
        self._trouble = ""
        self._consumer_seq = 0
        self._owed = 0
        self._missed = 0

    async def __aenter__(self) -> Self:
        config = {
            "name": self._consumer,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": self._after + 1,
            "ack_policy": "none",
            "replay_policy": "instant",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": INACTIVE_SECONDS * _NANOSECONDS,
        }
        question = {"stream_name": self._stream, "config": config}
        async with contextlib.AsyncExitStack() as unless_it_is_made:
            unless_it_is_made.push_async_callback(self._leave)  # it may yet be made, and for nobody
            await ask(self._client, f"CONSUMER.CREATE.{self._stream}.{self._consumer}", question)
            # What may be under way is bounded by the request; a limit here would only lose messages.
            self._subscription = await self._client.subscribe(
                self._inbox, cb=self._receive, pending_msgs_limit=0, pending_bytes_limit=0
            )
            unless_it_is_made.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leave()

    async def _leave(self) -> None:
        # Without waiting for an answer: the server forgets an idle consumer anyway, and one that is gone must hold up nothing.
        with contextlib.suppress(NatsError, OSError, RuntimeError):
            if self._subscription is not None:
                await self._subscription.unsubscribe()
            if self._client.is_connected:
                await self._client.publish(f"{API}.CONSUMER.DELETE.{self._stream}.{self._consumer}")

    def interrupt(self) -> None:
        """End it: the connection broke, and what was asked for will not come."""
        self._stop_because("the connection broke")

    async def next_batch(self) -> list[Message]:
        """Return all that has come, an empty list when for a moment nothing came; raise Interrupted when nothing more will."""
        await self._ask()
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                await self._worth_taking.wait()
        except TimeoutError:
            raise Interrupted("the server has fallen silent") from None
        if self._trouble:
            raise Interrupted(self._trouble)
        self._worth_taking.clear()
        batch, self._arrived = self._arrived, []
        return batch

    async def _ask(self) -> None:
        if self._owed:
            return
        if self._missed:
            await asyncio.sleep(_PAUSE_SECONDS)
        self._owed = BATCH_MESSAGES
        await self._client.publish(f"{API}.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}", _REQUEST, reply=self._inbox)

    async def _receive(self, message: Msg) -> None:
        if not message.reply:
            self._read_status(message.headers or {})
            return
        seq, consumer_seq, pending = _numbers_in(message.reply)
        if consumer_seq != self._consumer_seq + 1:
            self._stop_because("a delivery was lost on its way")
            return
        self._consumer_seq = consumer_seq
        self._missed = 0
        self._arrived.append(Message(seq, pending, message.subject, message.data, (message.headers or {}).get(MESSAGE_ID, "")))
        self._owed -= 1
        if pending == 0 or self._owed <= 0:
            self._worth_taking.set()

    def _read_status(self, headers: dict[str, str]) -> None:
        status, description = headers.get("Status", ""), headers.get("Description", "")
        if status in (_NO_MESSAGES, _TIMED_OUT) or (status == _CONFLICT and description in _REQUEST_IS_OVER):
            self._missed = 0
        elif status == _NOBODY and self._missed < MISSED_REQUESTS:
            self._missed += 1
        else:
            self._stop_because(f"the server ended the consumer ({status})")
        self._owed = 0
        self._worth_taking.set()

    def _stop_because(self, trouble: str) -> None:
        self._trouble = self._trouble or trouble
        self._worth_taking.set()


def _numbers_in(reply: str) -> tuple[int, int, int]:
    """Return the sequence in the stream, the sequence in the consumer, and how many messages wait behind this one."""
    tokens = reply.split(".")
    start = _NUMBERS_IN_V1 if len(tokens) == _TOKENS_OF_V1 else _NUMBERS_IN_V2
    return int(tokens[start + 1]), int(tokens[start + 2]), int(tokens[start + 4])
