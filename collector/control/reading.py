"""Reads of stored decisions through the stream's leader, for a direct get does not always see what was just written."""

import asyncio
import base64
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from collector.stream.connection import Connection, ask
from contracts.control.stream import ControlStream, subject_of, thing_of
from contracts.jetstream import MESSAGE_ID, MESSAGE_NOT_FOUND, JetStreamError, StoredMessage

# Says what the body is an event of; a reader that knows the bodies does without.
TOPIC = "Collector-Topic"
_AT_ONCE = 64
_SUBJECTS_IN_AN_ANSWER = 100_000


class Row(Struct, frozen=True, kw_only=True):
    """A stored message: where it stands, of what it is which version, and what it says."""

    seq: int
    subject: str
    topic: str
    message_id: str
    body: bytes


async def last_seq(client: Connection, stream: ControlStream) -> int:
    """Return the sequence of the newest event, 0 when there is none."""
    return (await ask(client, f"STREAM.INFO.{stream.name}")).state.last_seq


async def message_id_at(client: Connection, stream: ControlStream, seq: int) -> str:
    """Return the id of the message at *seq*, "" where there is none."""
    row = await _row(client, stream, {"seq": seq})
    return "" if row is None else row.message_id


async def subjects_of(client: Connection, stream: ControlStream, pattern: str) -> list[str]:
    """Return every subject that fits *pattern* and was written."""
    found: list[str] = []
    while True:
        question = {"subjects_filter": pattern, "offset": len(found)}
        page = (await ask(client, f"STREAM.INFO.{stream.name}", question)).state.subjects
        found += page
        if len(page) < _SUBJECTS_IN_AN_ANSWER:
            return found


async def versions_of(client: Connection, stream: ControlStream, thing_id: str) -> list[int]:
    """Return the versions that there are of a thing, in order."""
    subjects = await subjects_of(client, stream, subject_of(thing_id, "*", root=stream.root))
    return sorted(thing_of(subject)[1] for subject in subjects)


async def first_of(client: Connection, stream: ControlStream, subject: str) -> Row | None:
    """Return the first message of *subject*, which is the one that counts."""
    return await _row(client, stream, {"seq": 1, "next_by_subj": subject})


async def firsts_of(client: Connection, stream: ControlStream, subjects: Sequence[str]) -> list[Row | None]:
    """Return the first message of each of *subjects*."""
    found: list[Row | None] = []
    for begin in range(0, len(subjects), _AT_ONCE):
        some = subjects[begin : begin + _AT_ONCE]
        found += await asyncio.gather(*(first_of(client, stream, subject) for subject in some))
    return found


async def events_of(client: Connection, stream: ControlStream, thing_id: str, versions: Sequence[int]) -> list[Row]:
    """Return these *versions* of a thing."""
    rows = await firsts_of(client, stream, [subject_of(thing_id, version, root=stream.root) for version in versions])
    return [row for row in rows if row is not None]


async def rows_after(
    client: Connection, stream: ControlStream, after: int, *, until: int | None, limit: int, topics: Sequence[str]
) -> list[Row]:
    """Return at most *limit* events in the stream's order, but for second ones of one id and version."""
    last = await last_seq(client, stream)
    last = last if until is None else min(last, until)
    found: list[Row] = []
    while after < last and len(found) < limit:
        until_here = min(last, after + min(_AT_ONCE, limit - len(found)))
        sequences = range(after + 1, until_here + 1)
        found += await _those_that_count(client, stream, sequences, topics)
        after = until_here
    return found


async def _those_that_count(
    client: Connection, stream: ControlStream, sequences: Iterable[int], topics: Sequence[str]
) -> list[Row]:
    rows = await asyncio.gather(*(_row(client, stream, {"seq": seq}) for seq in sequences))
    wanted = [row for row in rows if row is not None and (not topics or row.topic in topics)]
    firsts = await firsts_of(client, stream, [row.subject for row in wanted])
    return [row for row, first in zip(wanted, firsts, strict=True) if first is not None and first.seq == row.seq]


async def _row(client: Connection, stream: ControlStream, question: Mapping[str, object]) -> Row | None:
    try:
        message = (await ask(client, f"STREAM.MSG.GET.{stream.name}", question)).message
    except JetStreamError as error:
        if error.err_code == MESSAGE_NOT_FOUND:
            return None
        raise
    headers = _headers(message)
    return Row(
        seq=message.seq,
        subject=message.subject,
        topic=headers.get(TOPIC, ""),
        message_id=headers.get(MESSAGE_ID, ""),
        body=base64.b64decode(message.data),
    )


def _headers(message: StoredMessage) -> dict[str, str]:
    lines = base64.b64decode(message.hdrs).decode(errors="replace").split("\r\n")
    return {name.strip(): value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}
