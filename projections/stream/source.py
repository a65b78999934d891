"""Stream: which stream this is, what it holds, and the way to read it, over one connection."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Self

from msgspec import Struct, structs

from contracts.codec import CODEC, Codec
from contracts.control.stream import ControlStream
from contracts.jetstream import MESSAGE_NOT_FOUND, STREAM_CREATED, JetStreamError, StoredMessage
from contracts.streams import EventStream
from contracts.tallies import TallyStream
from projections.stream.connection import Connection, NoStream, StreamUnavailable
from projections.stream.delivery import message_id_in, storable
from projections.stream.item import Item, Quarantined, read_item
from projections.stream.reader import Reader


class Identity(Struct, frozen=True, kw_only=True):
    """Which stream this is, and what it holds; a stream that was made again has another ``created``.

    ``settings`` are its own, as NATS says them now.
    """

    created: datetime
    first_seq: int
    last_seq: int
    messages: int
    settings: Mapping[str, Any] = {}


class Backlog(Struct, frozen=True, kw_only=True):
    """How many messages come after a position, and when the oldest of them was stored.

    Erased messages among them are counted until they are passed; when nothing else is left there are none.
    """

    messages: int
    oldest_at: datetime | None


NOTHING_WAITS = Backlog(messages=0, oldest_at=None)


class Stream:
    """A stream, read whole; use it as an async context manager, and connect before asking."""

    def __init__(self, nats_url: str, of: EventStream | TallyStream | ControlStream, codec: Codec = CODEC) -> None:
        self._connection = Connection(nats_url)
        self._of = of
        self._codec = codec

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
        """Return which stream this is now, or raise NoStream."""
        answer = await self._connection.ask(f"STREAM.INFO.{self._of.name}")
        if answer.created is None:
            raise StreamUnavailable("JetStream's answer does not say which stream it has; check its version")
        state = answer.state
        return Identity(
            created=answer.created,
            first_seq=state.first_seq,
            last_seq=state.last_seq,
            messages=state.messages,
            settings=answer.config,
        )

    @asynccontextmanager
    async def beginning(self) -> AsyncIterator[asyncio.Event]:
        """Yield what is set once this stream is there, or the connection is lost; a word about it may be lost, too."""
        async with self._connection.listening(f"{STREAM_CREATED}.{self._of.name}") as made:
            # It may have been made before anybody listened.
            with suppress(NoStream):
                await self.identity()
                made.set()
            yield made

    async def message_id_at(self, seq: int) -> str | None:
        """Return the message id at *seq*, or None when that message has been erased."""
        found = await self._message({"seq": seq})
        return None if found is None else message_id_in(base64.b64decode(found.hdrs))

    async def backlog_after(self, seq: int) -> Backlog:
        """Return how much of this stream comes after *seq*.

        Asked of the stream itself: a consumer made for the question may stand on another node of a cluster, which has not
        heard of our interest when we ask it.
        """
        identity = await self.identity()
        if identity.last_seq <= seq:
            return NOTHING_WAITS
        oldest = await self._message({"seq": seq + 1, "next_by_subj": ">"})
        if oldest is None:
            return NOTHING_WAITS
        return Backlog(messages=min(identity.messages, identity.last_seq - seq), oldest_at=oldest.time)

    async def first_after(self, seq: int, subjects: str = ">") -> int | None:
        """Return where the first message of *subjects* after *seq* stands, or None when there is none."""
        found = await self._message({"seq": seq + 1, "next_by_subj": subjects})
        return None if found is None else found.seq

    async def item_at(self, seq: int) -> Item | None:
        """Return what the message at *seq* turns out to be, or None when it has been erased."""
        found = await self.message_at(seq)
        if found is None:
            return None
        headers, subject = base64.b64decode(found.hdrs), storable(found.subject)
        item = read_item(
            base64.b64decode(found.data), seq=seq, message_id=message_id_in(headers), subject=subject, codec=self._codec
        )
        if isinstance(item, Quarantined) and item.came_at is None:
            # By the second, as a reader says it: whoever asks, the same fact came at the same time.
            return structs.replace(item, came_at=None if found.time is None else found.time.replace(microsecond=0))
        return item

    async def message_at(self, seq: int) -> StoredMessage | None:
        """Return the message at *seq* as it is stored, or None when it has been erased."""
        return await self._message({"seq": seq})

    def read_after(self, seq: int, *, only: str = "") -> Reader:
        """Return a reader of the messages after *seq*, of the subjects *only* or of all; use it as an async context manager."""
        return Reader(self._connection, self._of, after=seq, only=only, codec=self._codec)

    async def _message(self, question: dict[str, object]) -> StoredMessage | None:
        try:
            return (await self._connection.ask(f"STREAM.MSG.GET.{self._of.name}", question)).message
        except JetStreamError as error:
            if error.err_code == MESSAGE_NOT_FOUND:
                return None
            raise
