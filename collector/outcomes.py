"""The ways a hit ends: stored, or one of these three; app.py turns each into one HTTP answer."""

from enum import StrEnum


class DropReason(StrEnum):
    """Why a well-formed hit was not kept, on purpose; one metric label and one test each."""

    UNKNOWN_SITE = "unknown_site"
    PRIVACY_SIGNAL = "privacy_signal"
    PREFETCH = "prefetch"


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


class UnavailableReason(StrEnum):
    """Why a hit could not be stored now; the caller should come back with the same id."""

    STREAM_DISCONNECTED = "stream_disconnected"
    STREAM_TIMEOUT = "stream_timeout"
    STREAM_FULL = "stream_full"
    STREAM_REFUSED = "stream_refused"
    SALT = "salt_unavailable"
    OVERLOADED = "overloaded"
    DRAINING = "draining"


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


class Unavailable(Exception):
    """The stream could not confirm that it stored the hit; it may or may not have it."""

    def __init__(self, reason: UnavailableReason, *, retry_after: int = 2) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.retry_after = retry_after
