"""What becomes of a command: a decision that was stored, or the reason why there is none."""

from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Reason(StrEnum):
    """Why nothing was decided; one answer and one test each."""

    CONFLICT = "conflict"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"


class Decided(Struct, Generic[T], frozen=True, kw_only=True):
    """What *thing* is now, and the sequence in the control stream by which every reader has it."""

    seq: int
    thing: T


class Undecided(Exception):
    """Nothing was decided, for *reason*; the text says what to do, and *field* what it is about, where that is one field."""

    def __init__(self, reason: Reason, text: str, *, field: str = "") -> None:
        super().__init__(text)
        self.reason = reason
        self.field = field


class Lost(Undecided):
    """Nothing can be decided, for what was decided before was lost; waiting does not help."""

    def __init__(self, text: str) -> None:
        super().__init__(Reason.UNAVAILABLE, text)


def conflict(text: str) -> Undecided:
    """Return the refusal of what somebody else was first with."""
    return Undecided(Reason.CONFLICT, text)


def not_found(kind: str) -> Undecided:
    """Return the refusal of what is not there, or is another tenant's: nobody can tell which."""
    return Undecided(Reason.NOT_FOUND, f"There is no such {kind}. Look at the list, and send one that is in it.")


def invalid(field: str, text: str) -> Undecided:
    """Return the refusal of a value that cannot be."""
    return Undecided(Reason.INVALID, text, field=field)


def unavailable(text: str) -> Undecided:
    """Return the refusal of now; whether something was stored may not be known."""
    return Undecided(Reason.UNAVAILABLE, text)


MOVED = "Somebody else changed it at the same time. Look at it again, and decide again."
NAME_TAKEN = "The name is taken. Choose another, or have it given up where it is used."
MOUNT_TAKEN = "The mount is bound to another site. Have it unbound there first."
