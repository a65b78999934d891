"""The logs family: a program reports what happened in it, as one line with a type, a name and properties."""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.events.envelope import Code, Fact, Scalar

LARGEST_SEQUENCE = 2**63 - 1
SequenceNumber = Annotated[int, Meta(ge=-LARGEST_SEQUENCE, le=LARGEST_SEQUENCE)]


class LogKind(Code):
    """What a line is about: what somebody did, a measurement, a change of state, a failure, or how fast something was."""

    BEHAVIORAL = "behavioral"
    TELEMETRY = "telemetry"
    OBSERVABILITY = "observability"
    ERROR = "error"
    PERFORMANCE = "performance"
    OTHER = "other"


class Priority(Code):
    """How much the program that sent the line cares about it."""

    NORMAL = "normal"
    HIGH = "high"
    OTHER = "other"


class LogRecorded(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="log_recorded.v1"):
    """A program reported that something happened in it.

    ``subject`` and ``session`` are pseudonyms, or as the site's policy has it, and empty where none was named. ``sequence`` is
    the sender's own count of its lines, ``provider`` the part of the program that speaks (``properties.tags.provider``). Nested
    properties are stored under their paths, such as ``tags.provider``. ``key`` is the sender's own id of the line where that
    names nobody and is no UUID; a UUID is the fact's id.
    """

    family: ClassVar[str] = "logs"

    kind: LogKind
    name: str
    priority: Priority = Priority.NORMAL
    subject: str = ""
    session: str = ""
    app_version: str = ""
    provider: str = ""
    sequence: SequenceNumber | None = None
    device: dict[str, Scalar] = {}  # noqa: RUF012  # msgspec copies it
    props: dict[str, Scalar] = {}  # noqa: RUF012  # msgspec copies it
    key: str = ""


FACTS: tuple[type[LogRecorded], ...] = (LogRecorded,)


def number_of(id_: str) -> int:
    """Return a whole number that stands for the fact *id_*: 52 bits, which every JSON reader has whole."""
    return int(id_.replace("-", "")[-13:], 16)
