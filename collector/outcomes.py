"""The five ways a hit ends: stored, dropped, rejected, refused or unavailable; each has one answer and is counted once."""

from enum import StrEnum
from typing import Final, TypeAlias

from msgspec import Struct

from collector.fate import Fate


class DropReason(StrEnum):
    """Why a well-formed hit was not kept, on purpose; one metric label and one test each."""

    UNKNOWN_SITE = "unknown_site"
    PRIVACY_SIGNAL = "privacy_signal"
    PREFETCH = "prefetch"
    SITE_CLOSED = "site_closed"
    EXCLUDED = "excluded"
    FOREIGN_ORIGIN = "foreign_origin"


class RejectReason(StrEnum):
    """Why a request or an item was refused as malformed; the value is the problem document's ``code``."""

    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    NOT_UTF8 = "not_utf8"
    CONTROL_CHARACTER = "control_character"
    WRONG_TYPE = "wrong_type"
    MISSING_FIELD = "missing_field"
    OUT_OF_RANGE = "out_of_range"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    TOO_LARGE = "too_large"
    MEDIA_TYPE = "media_type"
    ENCODING = "encoding"
    METHOD = "method"
    SHAPE = "shape"
    UNBOUND = "unbound"
    UNKNOWN_FIELD = "unknown_field"


class Change(StrEnum):
    """What of a hit is stored otherwise than it was sent; told to its sender, who may not have meant it so."""

    NAME_CUT = "name_cut"
    NAME_REDACTED = "name_redacted"
    PATH_CUT = "path_cut"
    TIME_REPLACED = "time_replaced"
    PROPS_TOO_MANY = "props_too_many"
    PROPS_CUT = "props_cut"
    PROPS_REDACTED = "props_redacted"
    PROPS_PERSONAL = "props_personal"
    PROPS_LEFT_OUT = "props_left_out"
    PROPS_UNUSED = "props_unused"
    REVENUE_UNUSED = "revenue_unused"
    FIELD_UNKNOWN = "field_unknown"


class RefuseReason(StrEnum):
    """Why a request was refused for who sent it or for how much they send; the value is the problem document's ``code``."""

    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"


class UnavailableReason(StrEnum):
    """Why a hit could not be stored now; the caller should come back with the same id."""

    STREAM_DISCONNECTED = "stream_disconnected"
    STREAM_TIMEOUT = "stream_timeout"
    STREAM_FULL = "stream_full"
    STREAM_REFUSED = "stream_refused"
    STREAM_ABSENT = "stream_absent"
    SALT = "salt_unavailable"
    SECRET = "secret_unavailable"  # noqa: S105  # a reason
    DIRECTORY = "directory_unread"
    TOKENS = "tokens_unread"
    OVERLOADED = "overloaded"
    DRAINING = "draining"
    DEFECT = "defect"


class Stored(Struct, frozen=True):
    """JetStream has it on disk; ``duplicate`` when it had it already.

    ``robot`` is the rule by which it is a robot's, or "", and ``changes`` are what is not as it was sent.
    """

    id: str
    duplicate: bool
    robot: str = ""
    changes: tuple[Change, ...] = ()


class Dropped(Exception):
    """The hit is well-formed and deliberately not kept."""

    def __init__(self, reason: DropReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Rejected(Exception):
    """The request is malformed: *detail* says which part and what to do, and never quotes it."""

    def __init__(self, reason: RejectReason, detail: str, *, field: str = "", status: int = 400) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
        self.field = field
        self.status = status


_REFUSE_STATUS: Final = {
    RefuseReason.UNAUTHENTICATED: 401,
    RefuseReason.FORBIDDEN: 403,
    RefuseReason.RATE_LIMITED: 429,
}


class Quota(Struct, frozen=True, kw_only=True):
    """How many hits may come at once, how many of them still may, and in how many seconds all of them may again."""

    limit: int
    remaining: int
    reset: int


class Refused(Exception):
    """Whoever sent it may not, or not so much: ``status`` is 401, 403 or 429, ``retry_after`` seconds where waiting helps.

    ``quota`` is the limit that was reached.
    """

    def __init__(self, reason: RefuseReason, *, retry_after: int | None = None, quota: Quota | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.status = _REFUSE_STATUS[reason]
        self.retry_after = retry_after
        self.quota = quota


class KeyEnded(Refused):
    """The key was right until it ended, which only those learn who hold the whole of it."""

    def __init__(self) -> None:
        super().__init__(RefuseReason.UNAUTHENTICATED)


class Unavailable(Exception):
    """The stream could not confirm that it stored the hit. With DEFECT, we broke down over it.

    ``fate`` is where it will be told whether the stream has it after all, None where it certainly has not.
    """

    def __init__(self, reason: UnavailableReason, *, retry_after: int = 2, fate: Fate | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.retry_after = retry_after
        self.fate = fate


Failure: TypeAlias = Rejected | Refused | Unavailable
Outcome: TypeAlias = Stored | Dropped | Failure
