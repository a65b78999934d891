"""Writes decisions: all events of one or none, each where nobody has written yet, and an answer that was lost is looked up."""

import secrets
from collections.abc import Sequence

from msgspec import Struct

from collector.control.reading import TOPIC, firsts_of
from collector.stream.connection import REQUEST_SECONDS, Connection
from contracts.control.stream import ControlStream
from contracts.jetstream import (
    BATCH_ABANDONED,
    ID_IN_PROCESS,
    MESSAGE_ID,
    NO_RESPONDERS,
    REPEAT_IN_BATCH,
    WRONG_LAST_SEQUENCE,
    ApiAnswer,
    JetStreamError,
    read_answer,
)

# What JetStream takes as one batch (ADR-50).
MOST_IN_A_BATCH = 1_000
_EXPECTED_OF_SUBJECT = "Nats-Expected-Last-Subject-Sequence"
_EXPECTED_OF_STREAM = "Nats-Expected-Last-Sequence"
# Somebody has written there, and that may have been ourselves, when the answer was lost.
_LOOK_WHO = WRONG_LAST_SEQUENCE | {REPEAT_IN_BATCH, BATCH_ABANDONED, ID_IN_PROCESS}


class Letter(Struct, frozen=True, kw_only=True):
    """An event on its way: its subject, which names a thing and a version, what it is an event of, and its bytes."""

    subject: str
    topic: str
    body: bytes


class SomebodyElseWrote(Exception):
    """One of the versions is there already, and not by this write."""


class StreamMovedOn(Exception):
    """Something was decided since the sequence that this decision rests on."""


class Write:
    """One write of *letters*, which may be sent any number of times and is stored once.

    Where *after* is given, it is stored only while that is still the last sequence of the whole stream.
    """

    def __init__(self, stream: ControlStream, letters: Sequence[Letter], *, after: int | None = None) -> None:
        self._stream = stream
        self._letters = letters
        self._after = after
        name = secrets.token_hex(12)
        self._ids = [f"{name}.{number}" for number in range(1, len(letters) + 1)]

    async def send(self, client: Connection, *, is_replicated: bool) -> list[int]:
        """Return the sequences at which the letters are stored, or raise SomebodyElseWrote or StreamMovedOn."""
        try:
            last = (await self._publish(client)).seq
        except JetStreamError as error:
            if error.err_code not in _LOOK_WHO:
                raise
            return await self._look_who(client)
        # A change of leader can let in two; the first counts, and that need not be ours.
        if is_replicated:
            return await self._look_who(client)
        return list(range(last - len(self._letters) + 1, last + 1))

    async def _look_who(self, client: Connection) -> list[int]:
        rows = await firsts_of(client, self._stream, [letter.subject for letter in self._letters])
        found = [(row, id_) for row, id_ in zip(rows, self._ids, strict=True) if row is not None]
        if not found and self._after is None:
            raise JetStreamError(503, NO_RESPONDERS)  # nothing is there that would be in the way: it was for a moment
        if not found:
            raise StreamMovedOn
        if any(row.message_id != id_ for row, id_ in found):
            raise SomebodyElseWrote
        return [row.seq for row, _ in found]

    async def _publish(self, client: Connection) -> ApiAnswer:
        """Publish the letters so that JetStream stores all of them or none (ADR-50)."""
        batch = secrets.token_hex(8)
        *others, last = range(len(self._letters))
        for index in others:
            letter = self._letters[index]
            await client.publish(letter.subject, letter.body, headers=self._headers(index, batch))
        letter = self._letters[last]
        answer = await client.request(
            letter.subject, letter.body, timeout=REQUEST_SECONDS + REQUEST_SECONDS, headers=self._headers(last, batch)
        )
        return read_answer(answer.data)

    def _headers(self, index: int, batch: str) -> dict[str, str]:
        headers = {MESSAGE_ID: self._ids[index], _EXPECTED_OF_SUBJECT: "0", TOPIC: self._letters[index].topic}
        if self._after is not None and index == 0:
            headers[_EXPECTED_OF_STREAM] = str(self._after)
        if len(self._letters) == 1:
            return headers
        headers |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(index + 1)}
        return headers | ({"Nats-Batch-Commit": "1"} if index == len(self._letters) - 1 else {})
