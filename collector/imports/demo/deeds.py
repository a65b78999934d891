"""What people do on the demo's pages: custom events with properties, and purchases."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from typing import TypeAlias

from msgspec import Struct

from collector.imports.demo.weighted import Weighted
from contracts.events import Money, Scalar


class Deed(Struct, frozen=True):
    """A custom event, ready to be recorded."""

    name: str
    props: dict[str, Scalar] = {}
    revenue: Money | None = None
    interactive: bool = True


Act: TypeAlias = Callable[[Random], Deed]

_PLANS = Weighted((6, ("Starter", Decimal("9.00"))), (3, ("Team", Decimal("29.00"))), (1, ("Company", Decimal("99.00"))))
_SECTIONS = Weighted((3, "how it works"), (2, "privacy"), (1, "customers"))
_TRIALS = Weighted((4, True), (1, False))
_MOST_SEATS = 8


def deed_on(path: str, random: Random) -> Deed | None:
    """Return what somebody does on the page *path*; mostly nothing."""
    for chance, act in _DEEDS.get(path, _ON_POSTS if path.startswith("/blog/") else ()):
        if random.random() < chance:
            return act(random)
    return None


def _see_section(random: Random) -> Deed:
    return Deed("Section Seen", {"section": _SECTIONS.pick(random)}, interactive=False)


def _compare_plans(random: Random) -> Deed:
    return Deed("Plan Compared", {"plan": _PLANS.pick(random)[0]})


def _sign_up(random: Random) -> Deed:
    return Deed("Signup", {"plan": _PLANS.pick(random)[0], "trial": _TRIALS.pick(random)})


def _purchase(random: Random) -> Deed:
    plan, price = _PLANS.pick(random)
    seats = random.randint(1, _MOST_SEATS)
    return Deed("Purchase", {"plan": plan, "seats": seats}, Money(amount=str(price * seats), currency="EUR"))


def _download(_: Random) -> Deed:
    return Deed("File Download", {"url": "https://demo.example/files/install-guide.pdf"})


def _copy_command(_: Random) -> Deed:
    return Deed("Command Copied", {"command": "install"})


def _subscribe(_: Random) -> Deed:
    return Deed("Newsletter Subscribed", {"place": "below the post"})


def _leave_for_source_code(_: Random) -> Deed:
    return Deed("Outbound Link: Click", {"url": "https://code.example/demo"})


_ON_POSTS: tuple[tuple[float, Act], ...] = ((0.05, _subscribe), (0.06, _leave_for_source_code))
_DEEDS: Mapping[str, tuple[tuple[float, Act], ...]] = {
    "/": ((0.25, _see_section),),
    "/pricing": ((0.2, _compare_plans),),
    "/welcome": ((1, _sign_up),),
    "/checkout": ((0.6, _purchase),),
    "/docs/install": ((0.12, _download), (0.3, _copy_command)),
}
