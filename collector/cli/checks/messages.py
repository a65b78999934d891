"""Searching the streams in NATS: every message's subject, headers and body."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from collector.cli.checks.finding import Finding, bad, good
from collector.cli.checks.suspects import Suspects
from collector.salts.bucket import BUCKET
from collector.stream import connection as broker
from collector.stream.connection import Connection
from contracts.jetstream import JetStreamError, StoredMessage
from contracts.tallies import TALLY_STREAM
from contracts.vault import VAULT_STREAM, read_sealed

_AT_ONCE = 256


async def examine_streams(
    client: Connection, *, limit: int | None, progress: Callable[[int, int], None]
) -> AsyncIterator[Finding]:
    """Search the newest *limit* messages of every stream but the salts', or all; tell *progress* how many of how many."""
    for name in await _names(client):
        if name != BUCKET:
            yield await _examine(client, name, limit, progress)


async def _names(client: Connection) -> list[str]:
    return sorted((await broker.ask(client, "STREAM.NAMES")).streams or [])


async def _examine(client: Connection, name: str, limit: int | None, progress: Callable[[int, int], None]) -> Finding:
    state = (await broker.ask(client, f"STREAM.INFO.{name}")).state
    first, last, held = state.first_seq, state.last_seq, state.messages
    start = first if limit is None else max(first, last - limit + 1)
    suspects, searched = Suspects(), 0
    for lowest in range(start, last + 1, _AT_ONCE):
        span = range(lowest, min(lowest + _AT_ONCE, last + 1))
        messages = await asyncio.gather(*(_message(client, name, seq) for seq in span))
        searched += _search(messages, suspects, may_be_sealed=name == VAULT_STREAM)
        progress(span.stop - start, last + 1 - start)
    subject = f"Stream {name}"
    text = f"{searched:,} of {held:,} messages searched; fields: {', '.join(sorted(suspects.fields)) or 'none'}"
    if found := list(suspects.lines()):
        return bad(subject, "; ".join(found), _ADVICE_FOR_TALLIES if name == TALLY_STREAM.name else _ADVICE)
    return good(subject, text)


async def _message(client: Connection, name: str, seq: int) -> StoredMessage | None:
    with contextlib.suppress(JetStreamError):  # erased meanwhile
        return (await broker.ask(client, f"STREAM.MSG.GET.{name}", {"seq": seq})).message
    return None


def _search(messages: Sequence[StoredMessage | None], suspects: Suspects, *, may_be_sealed: bool) -> int:
    there = [message for message in messages if message is not None]
    for message in there:
        suspects.add_text("the subject", message.subject)
        suspects.add_text("the headers", base64.b64decode(message.hdrs).decode(errors="replace"))
        body = base64.b64decode(message.data)
        if may_be_sealed and read_sealed(body) is not None:
            continue  # what chance makes of a ciphertext is nobody
        try:
            suspects.add_document(msgspec.json.decode(body))
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            suspects.add_text("a body that is not JSON", body.decode(errors="replace"))
    return len(there)


_ADVICE = (
    "A caller put it where the redactor could not tell, or another program wrote it. Find the events with `collector stream "
    "--since ... --json`, correct the caller, and erase them with `nats stream rmm`, which forgets them for good; then run "
    "`collector backfill`. It names what else it would lose; when that is only what you erased, `collector backfill "
    "--accept-loss` takes it from the numbers, too."
)

_ADVICE_FOR_TALLIES = (
    "A caller named a site that the redactor could not tell from one. Erase the message with `nats stream rmm`, and the row of "
    "that site in the table tallies: what it counted is lost with it, and no event."
)
