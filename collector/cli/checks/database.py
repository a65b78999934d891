"""Whether Postgres is there, has the tables of this version, and how far it is behind the stream."""

from collections.abc import AsyncIterator

from collector.cli.checks.finding import Finding, bad, good, odd
from contracts.streams import EventStream
from projections.migrations import is_current
from projections.projector.positions import Position, read_positions
from projections.query.database import check_tables, inspecting, open_engine
from projections.query.problems import Refused
from projections.stream import Stream, StreamUnavailable

_LATE_EVENTS = 10_000


async def examine_database(database_url: str, nats_url: str) -> AsyncIterator[Finding]:
    """Look at Postgres and at the projector's position in it."""
    engine = open_engine(database_url)
    try:
        await check_tables(engine)
        async with inspecting(engine) as connection:
            positions = await read_positions(connection)
    except Refused as refusal:
        if refusal.problem.code == "not_migrated":
            yield odd("Postgres", "answers, without our tables", "Run: collector migrate (`collector up` does it by itself).")
        else:
            yield bad(
                "Postgres", "cannot be reached", "Is it running, and is COLLECTOR_DATABASE_URL right, its password included?"
            )
        return
    finally:
        await engine.dispose()
    yield await _tables(database_url)
    if not positions:
        yield odd("Projector", "has not run yet", "Run: collector project (`collector up` does it by itself).")
    for position in positions.values():
        yield await _lag(position, nats_url)
        if position.quarantined:
            text = f"{position.quarantined:,} events could not be applied and are set aside"
            yield odd(
                "Quarantine", text, "The table quarantine says which and why; an upgrade and `collector backfill` may cure it."
            )


async def _tables(database_url: str) -> Finding:
    if await is_current(database_url):
        return good("Postgres", "answers, with the tables of this version")
    return bad("Postgres", "has the tables of another version", "Run: collector migrate")


async def _lag(position: Position, nats_url: str) -> Finding:
    subject = "Projector" if position.partitions == 1 else f"Projector {position.partition}"
    async with Stream(
        nats_url, EventStream(family="web", partition=position.partition, partitions=position.partitions)
    ) as stream:
        try:
            await stream.connect()
            identity = await stream.identity()
            if identity.created != position.stream_created:
                return bad(subject, "the read models are of another stream", "Run: collector backfill")
            waiting = (await stream.backlog_after(position.seq)).messages
        except StreamUnavailable:
            return odd(subject, "its lag is not known", "See what is said about NATS and the stream.")
    if waiting > _LATE_EVENTS:
        return odd(subject, f"is {waiting:,} events behind", "Is `collector project` running? Its /metrics show the rate.")
    return good(subject, f"is {waiting:,} events behind")
