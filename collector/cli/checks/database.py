"""Whether Postgres is there, has the tables of this version, and how far each projection is behind its streams."""

from collections.abc import AsyncIterator

from collector.cli.checks.finding import Finding, bad, good, odd, sentence
from contracts.streams import EventStream, streams_of
from projections.database import POSTGRES_ERRORS, advice_for, open_engine, sqlstate_of
from projections.generations import current_generation
from projections.inspection import Session
from projections.migrations import has_tables, is_current, without_wall
from projections.projections import PROJECTIONS
from projections.projector.halt import COMPARE, KEPT, difference
from projections.projector.positions import Position, positions_in
from projections.projector.projection import Projection
from projections.reader_role import reader_role
from projections.stream import NoStream, Stream, StreamUnavailable

_LATE_EVENTS = 10_000
_OTHER_VERSION = "Run: collector migrate. Where they are of a newer version it changes nothing, and says so."


_NO_WALL = "Run: collector migrate. It puts row-level security around each table again, and changes no row."


async def examine_database(database_url: str, nats_url: str, *, partitions: int = 1) -> AsyncIterator[Finding]:
    """Look at Postgres and at the projectors' positions in it."""
    engine = open_engine(database_url)
    try:
        async with engine.connect() as connection:
            if not await has_tables(database_url):
                advice = "Run: collector migrate (`collector up` does it by itself)."
                yield odd("Postgres", "answers, without our tables", advice)
                return
            if not await is_current(database_url):
                yield bad("Postgres", "has the tables of another version", _OTHER_VERSION)
                return
            yield good("Postgres", "answers, with the tables of this version")
            yield await _role(connection)
            for projection in PROJECTIONS:
                async for finding in _projection(connection, projection, nats_url, partitions):
                    yield finding
    except POSTGRES_ERRORS as error:
        yield _unusable(error)
    finally:
        await engine.dispose()


def _unusable(error: Exception) -> Finding:
    if sqlstate_of(error):
        return bad("Postgres", "answers, and refuses", sentence(advice_for(error)))
    return bad("Postgres", "cannot be reached", "Is it running, and is COLLECTOR_DATABASE_URL right, its password included?")


async def _role(connection: Session) -> Finding:
    if await reader_role(connection) is not None:
        if open_tables := await without_wall(connection):
            return bad("Reading", f"sees rows of every tenant in {', '.join(open_tables)}", _NO_WALL)
        return good("Reading", "is done by a role of its own, which can change nothing and sees one tenant's rows at a time")
    return odd(
        "Reading",
        "is done by the role that owns the tables, so only the program itself keeps one tenant's rows from another's queries",
        "Let a role that may create roles say: CREATE ROLE collector_reader; GRANT collector_reader TO the role in "
        "COLLECTOR_DATABASE_URL. Then run `collector migrate` as that one, who owns the tables.",
    )


async def _projection(connection: Session, projection: Projection, nats_url: str, partitions: int) -> AsyncIterator[Finding]:
    generation = await current_generation(connection, projection.name)
    positions = {} if generation is None else await positions_in(connection, generation.schema)
    if not positions:
        yield await _unread(projection, nats_url, partitions)
    for position in positions.values():
        yield await _lag(projection, position, nats_url)
        if position.quarantined:
            yield odd(
                "Quarantine",
                f"{position.quarantined:,} events could not be applied and are set aside",
                "`collector quarantine list` says which and why. They stay in the stream: after an upgrade that can apply "
                "them, `collector quarantine retry` counts them, and so does `collector backfill`.",
            )


async def _unread(projection: Projection, nats_url: str, partitions: int) -> Finding:
    """Return what it means that *projection* has read nothing: while nobody has sent its family anything, that all is well."""
    subject = f"Projector {projection.name}"
    for of in streams_of([projection.family], partitions=partitions):
        async with Stream(nats_url, of) as stream:
            try:
                await stream.connect()
                await stream.identity()
            except NoStream:
                continue
            except StreamUnavailable:
                return odd(subject, "what it has to read is not known", "See what is said about NATS and the stream.")
        advice = "If events have been taken, run: collector project (`collector up` does it by itself)."
        return odd(subject, "has read nothing yet", advice)
    return good(subject, "has nothing to read: its stream is made with the first event of its family")


async def _lag(projection: Projection, position: Position, nats_url: str) -> Finding:
    partition = "" if position.partitions == 1 else f" {position.partition}"
    subject = f"Projector {projection.name}{partition}"
    of = EventStream(family=projection.family.name, partition=position.partition, partitions=position.partitions)
    async with Stream(nats_url, of) as stream:
        try:
            problem, waiting = await _compared(stream, position)
        except NoStream:
            return bad(subject, "the stream of the events that were counted is gone", f"{KEPT} {COMPARE}")
        except StreamUnavailable:
            return odd(subject, "its lag is not known", "See what is said about NATS and the stream.")
    if problem:
        return bad(subject, f"has stopped: the stream {problem}", f"{KEPT} {COMPARE}")
    if waiting > _LATE_EVENTS:
        return odd(subject, f"is {waiting:,} events behind", "Is `collector project` running? Its /metrics show the rate.")
    return good(subject, f"is {waiting:,} events behind")


async def _compared(stream: Stream, position: Position) -> tuple[str, int]:
    """Return how the stream differs from the one that *position* is of, and how many events come after it."""
    try:
        return await _compared_once(stream, position)
    except NoStream:
        raise
    except StreamUnavailable:
        # A cluster that is choosing a leader is silent for some seconds, and nothing is wrong.
        return await _compared_once(stream, position)


async def _compared_once(stream: Stream, position: Position) -> tuple[str, int]:
    await stream.connect()
    identity = await stream.identity()
    message_id = await stream.message_id_at(position.seq) if position.seq else None
    if problem := difference(position, identity, message_id):
        return problem, 0
    return "", (await stream.backlog_after(position.seq)).messages
