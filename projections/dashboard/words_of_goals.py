"""Words of goals: what reaches one, what it was worth, and how long a funnel's window is, as a page writes them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from contracts.control.goals import PropertyCondition, PropertyTest

_TESTS = {
    PropertyTest.IS: "is",
    PropertyTest.IS_NOT: "is not",
    PropertyTest.CONTAINS: "holds",
    PropertyTest.AT_LEAST: "is at least",
    PropertyTest.AT_MOST: "is at most",
    PropertyTest.OTHER: "is of a kind that this version does not know:",
}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


class Asks(Protocol):
    """What asks for a page or an event, and for properties of the event."""

    @property
    def page(self) -> str | None:
        """Return the path that is asked for."""

    @property
    def event(self) -> str | None:
        """Return the name of the event that is asked for."""

    @property
    def props(self) -> tuple[PropertyCondition, ...]:
        """Return what is asked of the event's properties."""


def condition_in_words(asked: Asks) -> str:
    """Return what *asked* asks for: Page /pricing*; Event Signup where plan is pro and seats is at least 10."""
    if asked.page is not None:
        return f"Page {asked.page}"
    where = " and ".join(f"{each.name} {_TESTS[each.test]} {each.value}" for each in asked.props)
    return f"Event {asked.event}{f' where {where}' if where else ''}"


def amounts_in_words(amounts: Iterable[tuple[str, Decimal]]) -> str:
    """Return amounts in full: 1,234.50 EUR, 5 USD."""
    return ", ".join(f"{amount:,f} {currency}" for currency, amount in amounts)


def window_in_words(seconds: int) -> str:
    """Return a window in the largest unit that it is whole in: 1 day, 90 minutes."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    number = seconds // size
    return f"{number:,} {unit}{'' if number == 1 else 's'}"
