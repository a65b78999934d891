"""Whether what was decided about tenants, sites, keys and people is known in Postgres, and what of it cannot be read."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from collector.cli.checks.finding import Finding, bad, good, odd
from contracts.control import CONTROL_CODEC
from contracts.control.loss import IS_ANOTHER, WHAT_TO_DO, Place
from contracts.control.stream import CONTROL_STREAM
from projections.control.tables import read_reading, unreadable
from projections.database import POSTGRES_ERRORS, open_engine
from projections.stream import Identity, NoStream, Stream, StreamUnavailable

_SUBJECT: Final = "Control in Postgres"
_NAMED: Final = 5
_GONE: Final = (
    "What holds is what is known here. Without the stream nothing can be decided anew, and an empty database would know of no "
    "site, key or member: keep this database as it is, and look for the files of NATS that held the stream."
)
_BEHIND: Final = "Is `collector project` running? Its log says why it cannot read them."
_UNREADABLE: Final = (
    "Another program wrote them, or their bytes are damaged. They are left out here and by ingest; what they were meant to say "
    "has to be decided again."
)


async def examine_decisions(database_url: str, nats_url: str) -> AsyncIterator[Finding]:
    """Compare the decisions that are stored with those that are known."""
    engine = open_engine(database_url)
    try:
        async with engine.connect() as connection:
            known, left_out = await read_reading(connection), await unreadable(connection)
    except POSTGRES_ERRORS:
        yield odd(_SUBJECT, "is not known", "See what is said of Postgres.")
        return
    finally:
        await engine.dispose()
    yield _compared(known, await _stored(nats_url))
    if left_out:
        yield odd(_SUBJECT, _said(left_out), _UNREADABLE)


async def _stored(nats_url: str) -> Identity | NoStream | StreamUnavailable:
    async with Stream(nats_url, CONTROL_STREAM, CONTROL_CODEC) as stream:
        try:
            await stream.connect()
            return await stream.identity()
        except StreamUnavailable as error:
            return error


def _compared(known: Place | None, stored: Identity | NoStream | StreamUnavailable) -> Finding:
    if isinstance(stored, NoStream):
        if known is None or not known.seq:
            return good(_SUBJECT, "nothing has been decided yet")
        return bad(_SUBJECT, f"the stream {CONTROL_STREAM.name} is gone, of which {known.seq:,} decisions are known", _GONE)
    if isinstance(stored, StreamUnavailable):
        return odd(_SUBJECT, "is not known", "See what is said about NATS and the stream.")
    if known is not None and known.seq and not known.may_go_on(created=stored.created, last_seq=stored.last_seq):
        return bad(_SUBJECT, IS_ANOTHER, f"{WHAT_TO_DO[:1].upper()}{WHAT_TO_DO[1:]}.")
    read = 0 if known is None else known.seq
    if read == stored.last_seq:
        return good(_SUBJECT, f"all {read:,} decisions are known")
    return odd(_SUBJECT, f"{read:,} of {stored.last_seq:,} decisions are known", _BEHIND)


def _said(left_out: Sequence[int]) -> str:
    named = ", ".join(str(seq) for seq in left_out[:_NAMED])
    more = " and others" if len(left_out) > _NAMED else ""
    return f"{len(left_out):,} decisions cannot be read, in {CONTROL_STREAM.name} at {named}{more}"
