"""Fields as forms and programs send them: a list, or one text with a line each; a time, or nothing."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, TypeAlias, TypeVar

from msgspec import Meta

from collector.control.decided import invalid

Choice = TypeVar("Choice", bound=StrEnum)

Several: TypeAlias = Annotated[list[str] | str, Meta(description="A list, or one text with a line for each.")]
Time: TypeAlias = Annotated[str, Meta(description="A date or a time as in ISO 8601, in UTC unless it says; empty is none.")]


def several(said: list[str] | str) -> list[str]:
    """Return what *said* lists, without blanks around it and without empty lines."""
    lines: Iterable[str] = said.splitlines() if isinstance(said, str) else said
    return [text for line in lines if (text := line.strip())]


def choices(field: str, said: list[str] | str, kind: type[Choice]) -> list[Choice]:
    """Return those of *kind* that *said* lists, or raise Undecided when it lists another."""
    return [choice(field, text, kind) for text in several(said)]


def choice(field: str, said: str, kind: type[Choice]) -> Choice:
    """Return the one of *kind* that *said* is, or raise Undecided."""
    try:
        return kind(said)
    except ValueError:
        raise invalid(field, f"Send one of {', '.join(kind)}.") from None


def moment(field: str, said: str) -> datetime | None:
    """Return the time that *said* is, None where it is empty, or raise Undecided."""
    if not said:
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise invalid(field, "Send a date or a time such as 2027-01-31T12:00:00Z, or leave it out.") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
