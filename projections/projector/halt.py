"""Halted: the reasons for which a projector stops for good instead of guessing, and what a person has to do."""

from enum import StrEnum

from projections.projector.positions import Position
from projections.stream import Identity, StreamUnavailable
from projections.stream.item import Item

KEPT = "What was counted is in Postgres and is kept."
# The stream there is may hold what was taken since: to put another over it would lose that.
KEEP_BOTH = (
    "Is this the NATS that they came from? Else nothing is lost by a new database (COLLECTOR_DATABASE_URL), computed from "
    "this NATS, and `collector query` goes on reading the old one. Before you put NATS's files back from a backup, keep those "
    "that are there, which hold what was taken since."
)
# It refuses in each of these situations, until the loss that it names is accepted.
COMPARE = (
    f"{KEEP_BOTH} `collector backfill` says how many events it would lose here, and changes nothing until you accept that."
)
REBUILD = "Run `collector backfill` to compute the read models again from the streams."


class HaltReason(StrEnum):
    """Why going on would be wrong; the value is the metric's label."""

    STREAM_REGRESSED = "stream_regressed"
    PARTITIONS_CHANGED = "partitions_changed"
    NEWER_VERSION = "newer_version"


class Halted(Exception):
    """The projector must not go on; the text says why and what to do."""

    def __init__(self, reason: HaltReason, advice: str) -> None:
        super().__init__(advice)
        self.reason = reason


def refuse_other_partitions(positions: dict[int, Position], partitions: int) -> None:
    """Raise Halted when the read models were made with another number of partitions."""
    made_with = {position.partitions for position in positions.values()} - {partitions}
    if made_with:
        before = made_with.pop()
        # With fewer, the streams of the others would be read by nobody.
        advice = "Set it back." if before > partitions else f"Set it back, or: {REBUILD}"
        raise Halted(
            HaltReason.PARTITIONS_CHANGED,
            f"The read models were made with {before} partition(s), and COLLECTOR_PARTITIONS now says {partitions}. {advice}",
        )


def refuse_other_stream(position: Position, stream: Identity, message_id: str | None) -> None:
    """Raise Halted unless *stream* is the one that *position* is of; *message_id* is what stands there now, None if erased."""
    if problem := difference(position, stream, message_id):
        raise Halted(HaltReason.STREAM_REGRESSED, f"The stream {problem}. Going on would skip events. {KEPT} {COMPARE}")


def difference(position: Position, stream: Identity, message_id: str | None) -> str:
    """Return why *stream* is not the one that *position* is of, "" when it is."""
    if stream.created != position.stream_created:
        return "was made again since the read models were"
    if stream.last_seq < position.seq:
        return f"ends at {stream.last_seq}, before the position {position.seq}: it lost its end or was restored from a backup"
    if message_id is not None and message_id != position.message_id:
        return f"holds another event at the position {position.seq}: it lost its end and grew again"
    return ""


def stream_is_gone() -> StreamUnavailable:
    """Return what to say while a stream is missing whose facts were counted; made again it will be another, and refused."""
    return StreamUnavailable(f"the stream is gone, and the read models hold events of it, which are kept. {COMPARE}")


def newer_version(fact: Item) -> Halted:
    """Return why *fact*, which is TooNew, stops the projector."""
    return Halted(
        HaltReason.NEWER_VERSION,
        f"The event at {fact.seq} is in a version that this program is too old to read. Nothing was skipped: "
        "install a newer version of Collector and start it again; it goes on from there.",
    )
