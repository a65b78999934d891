"""Loss: what a rebuild would take from the answers, because it was counted and its stream holds it no more."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.projector.dedup import IMPORTED, SEEN
from projections.projector.gone import Gone
from projections.projector.halt import KEEP_BOTH, difference
from projections.projector.positions import POSITIONS, Position, positions_in
from projections.projector.projection import Projection
from projections.projector.quarantine import QUARANTINE
from projections.projector.totals import TOTALS
from projections.stream import Identity, Stream

# `nats stream rmm` erases one message at a time: so many are no person's erasing, but a disk's or a limit's.
_BY_HAND = 100
# With other values than these a stream drops what it holds by itself.
_KEEPS = {"retention": "limits", "discard": "new", "max_msgs": -1, "max_age": 0, "max_msgs_per_subject": -1}


class Loss(Struct, frozen=True, kw_only=True):
    """Why *projection*'s rebuild would lose *events* of the *counted* ones; ``is_exact`` where no more can be lost or less."""

    projection: str
    stream: str
    why: str
    events: int
    counted: int
    is_exact: bool = True

    def __str__(self) -> str:
        about = "" if self.is_exact else "up to "
        return (
            f"{self.projection}: the stream {self.stream} {self.why}; {about}{self.events:,} of {self.counted:,} counted events"
        )


class Unaccounted(Struct, frozen=True, kw_only=True):
    """The tables of *projection* hold facts, and no position says of which stream."""

    projection: str

    def __str__(self) -> str:
        return f"{self.projection}: no position says which events its tables hold; all that the streams do not hold"


class HistoryWouldBeLost(Exception):
    """The read models hold facts that the streams do not; the text says what would be lost, and what to do."""

    def __init__(self, losses: Sequence[Loss | Unaccounted], what_to_do: str = "") -> None:
        super().__init__(
            "The read models hold events that are no longer in the stream, and a rebuild would lose them. "
            f"{listed(losses)}. {what_to_do or f'Nothing has been changed. {KEEP_BOTH} {KEEP_THEM}'}"
        )
        self.losses = tuple(losses)


class CannotApply(Exception):
    """This program would set facts aside that are counted now; the text says what to do."""

    def __init__(self, events: int) -> None:
        super().__init__(
            f"This program cannot apply {events:,} of the events that are counted now, and would set them aside. Nothing has "
            "been changed. Was it a newer version that counted them? Then install that one. `collector backfill "
            "--accept-loss` goes on without them: they stay in the stream, for a version that can."
        )


KEEP_THEM = (
    "If you erased these events yourself, or can do without them: back up the database first (`collector query` reads a copy, "
    "too), and then accept the loss with `collector backfill --accept-loss`."
)

# Of one site alone no loss can be accepted: a whole rebuild loses what is gone of all others, too, which has to be seen first.
KEEP_THE_SITE = (
    f"What is read of the site there stays as it is. {KEEP_BOTH} `collector backfill --dry-run` says what a rebuild of all "
    "sites would be without, and changes nothing."
)


def listed(losses: Sequence[Loss | Unaccounted]) -> str:
    """Return what would be lost, a part of a sentence for each stream."""
    return "; ".join(map(str, losses))


def stays_away(lost: int) -> str:
    """Return how many of the counted facts were erased, as a sentence, "" when none was."""
    return f" {lost:,} that were counted before are erased from the stream, and are counted no more." if lost else ""


async def loss_of(projection: Projection, position: Position, goal: Identity | None, stream: Stream, gone: Gone) -> Loss | None:
    """Return what a rebuild would lose of what *position* has counted; None when nothing but what was erased by hand.

    What is *gone* with deleted sites is none.
    """
    name = projection.streams(position.partitions)[position.partition].name
    counted = position.dealt_with

    def lost(why: str, events: int, *, is_exact: bool = True) -> Loss:
        return Loss(projection=projection.name, stream=name, why=why, events=max(events, 1), counted=counted, is_exact=is_exact)

    if goal is None:
        return lost("is gone", counted)
    missing = counted - gone.counted - held_until(position.seq, goal, gone.behind)
    if problem := difference(position, goal, await stream.message_id_at(position.seq)):
        # Of another stream none is ours; one that lost its end and grew again does not say since when.
        is_older = goal.created == position.stream_created and goal.last_seq < position.seq
        return lost(problem, missing if is_older else counted, is_exact=is_older)
    if goal.first_seq - position.first_seq > gone.before:
        return lost(f"begins at {goal.first_seq}, behind the first event that was counted", missing)
    if missing > 0 and drops(goal):
        return lost("has a limit by which it drops events", missing)
    return lost("has more holes than anybody erases by hand", missing) if missing > _BY_HAND else None


def erased_until(position: Position, goal: Identity | None, gone: Gone) -> int:
    """Return how many of the facts that *position* has counted the stream holds no more."""
    return 0 if goal is None else max(position.dealt_with - held_until(position.seq, goal, gone.behind), 0)


def held_until(seq: int, stream: Identity, gone_behind: int) -> int:
    """Return how many messages *stream* holds up to *seq*; too few where more than *gone_behind* it were erased."""
    return max(stream.messages - max(stream.last_seq - seq - gone_behind, 0), 0)


def refuse_to_set_aside(read: Mapping[int, Position], made: Mapping[int, Position]) -> None:
    """Raise CannotApply when facts that count in what is *read* are in quarantine in what was *made*, and so in no answer."""
    both = [(read[number], made[number]) for number in read.keys() & made.keys()]
    worse = [(old, new) for old, new in both if new.applied < old.applied and new.quarantined > old.quarantined]
    if worse:
        raise CannotApply(sum(new.quarantined - old.quarantined for old, new in worse))


def drops(stream: Identity) -> bool:
    """Tell whether *stream* is set to drop what it holds by itself."""
    return any(stream.settings.get(name, kept) != kept for name, kept in _KEEPS.items())


async def held_positions(connection: AsyncConnection, schema: str) -> dict[int, Position]:
    """Return every position in *schema*, none when somebody has dropped the table."""
    if await _has_table(connection, schema, POSITIONS.name):
        return await positions_in(connection, schema)
    return {}


async def is_unaccounted(
    connection: AsyncConnection, projection: Projection, schema: str, positions: Mapping[int, Position]
) -> bool:
    """Tell whether *schema* holds facts that none of *positions* has counted: whichever table they are in."""
    counted = sorted(number for number, position in positions.items() if position.seq)
    if not counted:
        names = [table.name for table in (*projection.tables, SEEN, IMPORTED, QUARANTINE, TOTALS)]
        return any([await _holds(connection, schema, name, "true") for name in names])
    others = f"partition NOT IN ({', '.join(map(str, counted))})"
    return any([await _holds(connection, schema, table.name, others) for table in (TOTALS, QUARANTINE)])


async def _holds(connection: AsyncConnection, schema: str, table: str, which: str) -> bool:
    if not await _has_table(connection, schema, table):
        return False
    return bool(await connection.scalar(text(f'SELECT exists(SELECT FROM "{schema}"."{table}" WHERE {which})')))


async def _has_table(connection: AsyncConnection, schema: str, table: str) -> bool:
    return bool(await connection.scalar(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": f'"{schema}"."{table}"'}))
