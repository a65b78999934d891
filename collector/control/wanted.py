"""What people write of a goal or a funnel, read into what its event says: conditions, amounts, steps, windows, short names."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from collector.control.decided import Undecided, invalid
from contracts.control.goals import SIGNS, Condition, FunnelStep, PropertyCondition, PropertyTest
from contracts.events.envelope import Money

MOST_PROPS: Final = 10
MOST_STARS: Final = 10
FEWEST_STEPS: Final = 2
MOST_STEPS: Final = 20
LONGEST_SHORT_NAME: Final = 40
# An anonymous visitor is nobody's any more at the next midnight in UTC.
SHORTEST_WINDOW, LONGEST_WINDOW = 60, 86_400

_TESTS: Final = {sign: test for test, sign in SIGNS.items()}
_NUMERIC: Final = frozenset({PropertyTest.AT_LEAST, PropertyTest.AT_MOST})
_PROPERTY = re.compile(r"(?P<name>.+?)(?P<test>" + "|".join(map(re.escape, _TESTS)) + r")(?P<value>.*)", re.DOTALL)
# As JSON writes numbers, without an exponent, and short enough to compare.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,30})?")
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_SHORT_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NO_LETTERS = re.compile(r"[^a-z0-9]+")
_PAGE: Final = "/"


class GoalWanted(Struct, frozen=True, kw_only=True):
    """A goal as somebody wants it: ``event`` or ``page``, the properties of the event, and what it is worth."""

    name: str
    page: str = ""
    event: str = ""
    props: tuple[PropertyCondition, ...] = ()
    amount: Money | None = None
    counts_revenue: bool = False


class FunnelWanted(Struct, frozen=True, kw_only=True):
    """A funnel as somebody wants it."""

    name: str
    steps: tuple[FunnelStep, ...]
    window_seconds: int = LONGEST_WINDOW


PropertySaid: TypeAlias = PropertyCondition | str


class StepSaid(Struct, frozen=True, kw_only=True):
    """A step as somebody says it: a page or an event, the properties of the event, and what it is called."""

    page: str = ""
    event: str = ""
    props: tuple[PropertySaid, ...] = ()
    label: str = ""


def short_name(field: str, said: str, name: str) -> str:
    """Return what names it in addresses: *said*, or, where that is empty, what can be made of its *name*."""
    if not said:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        said = _NO_LETTERS.sub("-", plain).strip("-")[:LONGEST_SHORT_NAME].strip("-")
    if not is_short_name(said):
        raise invalid(field, f"Send a short name of at most {LONGEST_SHORT_NAME} of a-z and 0-9, with dashes between them.")
    return said


def is_short_name(said: str) -> bool:
    """Say whether anything can be called *said* in addresses."""
    return _SHORT_NAME.fullmatch(said) is not None and len(said) <= LONGEST_SHORT_NAME


def checked_name(name: str) -> str:
    """Return what it is called on pages."""
    if not name.strip():
        raise invalid("name", "Send a name: what it is called on pages.")
    return name.strip()


def properties(said: Sequence[PropertySaid], *, field: str = "props") -> tuple[PropertyCondition, ...]:
    """Return the conditions that *said* lists, each written as ``plan=pro`` or as its parts, or raise Undecided."""
    return tuple(_property(each, field) if isinstance(each, str) else each for each in said)


def condition(*, page: str, event: str, props: Sequence[PropertyCondition], field: str = "") -> Condition:
    """Return the condition of a pageview or an event, or raise Undecided, which names *field*, or the part that is wrong."""
    if bool(page) == bool(event):
        raise invalid(
            field or "page", "Send either page, a path in which * stands for anything, or event, the name of an event."
        )
    if page and props:
        raise invalid(field or "props", "Only events have properties. Name an event, or leave the properties out.")
    if not event and (not page.startswith(_PAGE) or page.count("*") > MOST_STARS):
        raise invalid(field or "page", f"Send a path that begins with a slash, with at most {MOST_STARS} stars.")
    if len(props) > MOST_PROPS:
        raise invalid(field or "props", f"Send at most {MOST_PROPS} properties.")
    for each in props:
        _check_property(each, field or "props")
    return Condition(page=page or None, event=event or None, props=tuple(props))


def money(amount: str, currency: str) -> Money | None:
    """Return how much it is, None where *amount* is empty, or raise Undecided."""
    if not amount:
        if currency:
            raise invalid("amount", "Send an amount with the currency, such as 49.90, or leave both out.")
        return None
    if _AMOUNT.fullmatch(amount) is None:
        raise invalid("amount", "Send an amount such as 49.90: digits, and a point before at most six more.")
    if _CURRENCY.fullmatch(currency) is None:
        raise invalid("currency", "Send the currency of the amount by its three capital letters, such as EUR.")
    return Money(amount=amount, currency=currency)


def steps(said: Sequence[StepSaid | str]) -> tuple[FunnelStep, ...]:
    """Return the steps that *said* lists; as a text, one is a path that begins with a slash, or the name of an event."""
    if not FEWEST_STEPS <= len(said) <= MOST_STEPS:
        raise invalid("steps", f"Send from {FEWEST_STEPS} to {MOST_STEPS} steps.")
    return tuple(_step(each) for each in said)


def window(seconds: int) -> int:
    """Return within how many seconds of the first step the others are, or raise Undecided."""
    if not SHORTEST_WINDOW <= seconds <= LONGEST_WINDOW:
        raise invalid(
            "window_seconds",
            f"Send from {SHORTEST_WINDOW} to {LONGEST_WINDOW} seconds: an anonymous visitor is known for one day at most.",
        )
    return seconds


def _step(said: StepSaid | str) -> FunnelStep:
    if isinstance(said, str):
        text = said.strip()
        said = StepSaid(page=text) if text.startswith(_PAGE) else StepSaid(event=text)
    props = properties(said.props, field="steps")
    checked = condition(page=said.page.strip(), event=said.event.strip(), props=props, field="steps")
    return FunnelStep(condition=checked, label=said.label.strip())


def _property(said: str, field: str) -> PropertyCondition:
    parts = _PROPERTY.fullmatch(said.strip())
    if parts is None:
        raise _no_property(field)
    return PropertyCondition(name=parts["name"].strip(), test=_TESTS[parts["test"]], value=parts["value"].strip())


def _check_property(said: PropertyCondition, field: str) -> None:
    if said.test is PropertyTest.OTHER:
        raise _no_property(field)
    if said.test in _NUMERIC and _NUMBER.fullmatch(said.value) is None:
        raise invalid(field, "Send a number such as 10 or 2.5 to compare with: at most 30 digits before and after the point.")


def _no_property(field: str) -> Undecided:
    return invalid(field, "Send properties as plan=pro, plan!=free, plan~pro (holds it), seats>=10 or seats<=10.")
