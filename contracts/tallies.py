"""Tallies: how an ingest process tells how its hits ended, also those of which nothing is stored, and the stream for it.

A process is a run. For each hour of receipt it counts lines, cumulative, and tells those that changed in parts: each part's
message takes the place of the one before, and no count ever falls, so whoever keeps the greatest of each may read the messages
in any order, twice, or from another stream, and has the same. A run that never said that it ended, and has fallen silent, has a
gap from its last sign on.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

from contracts.codec import Codec
from contracts.events.envelope import Moment

SUBJECT_ROOT = "tallies"
MAX_PART_BYTES = 64 * 1024
# For what is counted beyond the names that are told by themselves; no site can be called so.
OTHER_SITES = "(other)"
# The same of keys, for those beyond the ones that an hour tells apart; no key has such an id.
OTHER_KEYS = "other"
# Of sites that we do not collect for, a run tells so many by their names in a day.
NAMES_A_DAY = 200
TELL_SECONDS = 10
# Three signs missed: a slow disk misses one.
SILENT_SECONDS = 30

RunId = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
ReasonCode = Annotated[str, Meta(pattern="^([a-z][a-z0-9_]{0,39})?$")]
Name = Annotated[str, Meta(pattern="^[^\\x00-\\x1f]{0,253}$")]
SenderKeyId = Annotated[str, Meta(pattern="^[0-9a-z]{0,32}$")]
Amount = Annotated[int, Meta(ge=0, le=2**53)]


class Ending(StrEnum):
    """How a hit ended; one that the stream had already is repeated, and accepted as the stored are."""

    STORED = "stored"
    REPEATED = "repeated"
    DROPPED = "dropped"
    REJECTED = "rejected"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class TallyLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many hits of one site and dialect ended in one way, for one reason; ``site`` is empty where none is known.

    ``key_id`` is the id of the key that they were sent with, empty where there was none. Of those that ended as
    unavailable, ``landed`` are in the stream all the same and ``not_landed`` are not; of the rest that is not known. In another
    part of the same hour the same line may stand again: they add up.
    """

    tenant: Name
    site: Name
    dialect: Annotated[str, Meta(pattern="^[^\\x00-\\x1f]{0,40}$")]
    ending: Ending
    reason: ReasonCode = ""
    key_id: SenderKeyId = ""
    hits: Amount = 0
    landed: Amount = 0
    not_landed: Amount = 0


class TallyPart(Struct, frozen=True, kw_only=True, tag_field="type", tag="tally.v1"):
    """A part of what a run has counted in the UTC hour of receipt that begins at ``hour``; a run numbers all its parts."""

    run: RunId
    hour: Moment
    part: Amount
    lines: tuple[TallyLine, ...]

    @property
    def subject(self) -> str:
        """Return where it is told; what was told there before it replaces."""
        return f"{SUBJECT_ROOT}.{self.run}.{self.hour:%Y-%m-%dT%H}.{self.part}"


class SignLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What shows that something may be set up wrongly for one site, in numbers alone; each of them only grows.

    Of ``hits``, those of ``pages`` came from visitors themselves. Of these ``unread`` came through somebody who speaks for
    others and is not believed, and ``private`` from this machine or a private network; they came from so many ``addresses``,
    and with so many ``agents``: neither is counted on once it says enough. ``ahead`` and ``behind`` claimed times that cannot
    be. ``loaded`` is how often a page of the site has fetched the snippet that had sent nothing yet.
    """

    tenant: Name
    site: Name
    hits: Amount = 0
    pages: Amount = 0
    unread: Amount = 0
    private: Amount = 0
    addresses: Amount = 0
    agents: Amount = 0
    ahead: Amount = 0
    behind: Amount = 0
    loaded: Amount = 0


class TallySigns(Struct, frozen=True, kw_only=True, tag_field="type", tag="tally_signs.v1"):
    """A part of the signs that a run has seen in the UTC hour that begins at ``hour``; nobody asks for them a day later."""

    run: RunId
    hour: Moment
    part: Amount
    lines: tuple[SignLine, ...]

    @property
    def subject(self) -> str:
        """Return where they are told: in the place of what was told a day before."""
        return f"{SUBJECT_ROOT}.{self.run}.signs.{self.hour:%H}.{self.part}"


class TallyHead(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="tally_head.v1"):
    """A run is there, at ``told_at``, and has told what it had counted by then; or it has ``ended`` and told everything."""

    run: RunId
    version: Annotated[str, Meta(pattern="^[^\\x00-\\x1f]{0,40}$")]
    started_at: Moment
    told_at: Moment
    ended: bool = False

    @property
    def subject(self) -> str:
        """Return where it is told; what was told there before it replaces."""
        return f"{SUBJECT_ROOT}.{self.run}.head"


DOCUMENTS: tuple[type[Struct], ...] = (TallyPart, TallyHead, TallySigns)
TALLY_CODEC = Codec(DOCUMENTS)


class TallyStream(Struct, frozen=True, kw_only=True):
    """The one stream that every run tells its tally in."""

    name: str = "TALLIES"


TALLY_STREAM = TallyStream()

# A year can be compared with the year before, and a month more.
KEPT_DAYS = 400
_SECOND = 1_000_000_000
_MAX_BYTES = 64 * 1024 * 1024


def tally_settings(*, replicas: int) -> dict[str, Any]:
    """Return the JetStream settings of the stream: the last message of each subject, the oldest given up for the newest."""
    return {
        "name": TALLY_STREAM.name,
        "subjects": [f"{SUBJECT_ROOT}.>"],
        "storage": "file",
        "retention": "limits",
        "discard": "old",
        "max_bytes": _MAX_BYTES,
        "max_msgs": -1,
        "max_age": KEPT_DAYS * 86_400 * _SECOND,
        "max_msgs_per_subject": 1,
        "max_msg_size": MAX_PART_BYTES,
        "num_replicas": replicas,
        "allow_direct": True,
    }


def hour_of(moment: datetime) -> datetime:
    """Return the beginning of the hour that *moment*, which is UTC, lies in."""
    return moment.replace(minute=0, second=0, microsecond=0)
