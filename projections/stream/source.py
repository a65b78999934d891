"""Stream: one partition of the stream over one connection."""

import base64
from datetime import datetime
from typing import Self

from msgspec import Struct

from contracts.streams import EventStream
from projections.stream.connection import (
    MESSAGE_NOT_FOUND,
    ApiError,
    Connection,
    ConsumerInfo,
    Done,
    MessageFound,
    StreamInfo,
)
from projections.stream.delivery import consumer_settings, message_id_in, stored_at_in
from projections.stream.reader import Reader


class Identity(Struct, frozen=True, kw_only=True):
    """Which stream this is, and what it holds; a stream that was made again has another ``created``."""

    created: datetime
    first_seq: int
    last_seq: int
    messages: int


class Backlog(Struct, frozen=True, kw_only=True):
    """How many messages wait behind a position, and when the oldest of them was stored."""

    messages: int
    oldest_at: datetime | None


class Stream:
    """A partition of the stream; use it as an async context manager, and connect before asking."""

    def __init__(self, nats_url: str, of: EventStream) -> None:
        self._connection = Connection(nats_url)
        self._of = of

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave NATS."""
        await self._connection.close()

    async def connect(self) -> None:
        """Be connected within a few seconds, or raise StreamUnavailable."""
        await self._connection.open()

    async def identity(self) -> Identity:
        """Return which stream this is now."""
        answer = await self._connection.ask(f"STREAM.INFO.{self._of.name}", {}, StreamInfo)
        state = answer.state
        return Identity(created=answer.created, first_seq=state.first_seq, last_seq=state.last_seq, messages=state.messages)

    async def message_id_at(self, seq: int) -> str | None:
        """Return the message id at *seq*, or None when that message has been erased."""
        try:
            found = await self._connection.ask(f"STREAM.MSG.GET.{self._of.name}", {"seq": seq}, MessageFound)
        except ApiError as error:
            if error.code == MESSAGE_NOT_FOUND:
                return None
            raise
        return message_id_in(base64.b64decode(found.message.hdrs))

    async def backlog_after(self, seq: int) -> Backlog:
        """Return how much of this partition waits behind *seq*."""
        question = {"stream_name": self._of.name, "config": consumer_settings(after=seq)}
        consumer = await self._connection.ask(f"CONSUMER.CREATE.{self._of.name}", question, ConsumerInfo)
        try:
            if consumer.num_pending == 0:
                return Backlog(messages=0, oldest_at=None)
            next_one = f"$JS.API.CONSUMER.MSG.NEXT.{self._of.name}.{consumer.name}"
            oldest = await self._connection.request(next_one, {"batch": 1, "no_wait": True})
            return Backlog(messages=consumer.num_pending, oldest_at=stored_at_in(oldest.reply) if oldest.reply else None)
        finally:
            await self._connection.ask(f"CONSUMER.DELETE.{self._of.name}.{consumer.name}", {}, Done)

    def read_after(self, seq: int) -> Reader:
        """Return a reader of this partition's messages behind *seq*, to be used as an async context manager."""
        return Reader(self._connection, self._of, after=seq)
