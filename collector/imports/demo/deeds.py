"""What people do on the demo's pages: custom events with properties, and purchases."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from typing import TypeAlias

from msgspec import Struct

from collector.imports.demo.origins import MOVED
from collector.imports.demo.weighted import Weighted
from contracts.events import Money, Scalar
from contracts.known_events import FILE_DOWNLOAD, NOT_FOUND, OUTBOUND_LINK, URL


class Deed(Struct, frozen=True):
    """A custom event, ready to be recorded."""

    name: str
    props: dict[str, Scalar] = {}
    revenue: Money | None = None
    interactive: bool = True


# What somebody does who pays in a currency.
Act: TypeAlias = Callable[[Random, str], Deed]

_PLANS = Weighted((6, ("Starter", Decimal("9.00"))), (3, ("Team", Decimal("29.00"))), (1, ("Company", Decimal("99.00"))))
_SECTIONS = Weighted((3, "how it works"), (2, "privacy"), (1, "customers"))
_TRIALS = Weighted((4, True), (1, False))
_MOST_SEATS = 8
_FILES = Weighted((4, "install-guide.pdf"), (1, "sample-data.csv"))
_ELSEWHERE = Weighted(
    (5, "https://code.example/demo"), (2, "https://social.example/@demo"), (1, "https://standards.example/rfc")
)


def deed_on(path: str, random: Random, *, currency: str) -> Deed | None:
    """Return what somebody who pays in *currency* does on the page *path*; mostly nothing."""
    for chance, act in _DEEDS.get(path, _ON_POSTS if path.startswith("/blog/") else ()):
        if random.random() < chance:
            return act(random, currency)
    return None


def _see_section(random: Random, _: str) -> Deed:
    return Deed("Section Seen", {"section": _SECTIONS.pick(random)}, interactive=False)


def _compare_plans(random: Random, _: str) -> Deed:
    return Deed("Plan Compared", {"plan": _PLANS.pick(random)[0]})


def _sign_up(random: Random, _: str) -> Deed:
    return Deed("Signup", {"plan": _PLANS.pick(random)[0], "trial": _TRIALS.pick(random)})


def _purchase(random: Random, currency: str) -> Deed:
    plan, price = _PLANS.pick(random)
    seats = random.randint(1, _MOST_SEATS)
    return Deed("Purchase", {"plan": plan, "seats": seats}, Money(amount=str(price * seats), currency=currency))


def _download(random: Random, _: str) -> Deed:
    return Deed(FILE_DOWNLOAD, {URL: f"https://demo.example/files/{_FILES.pick(random)}"})


def _copy_command(_: Random, __: str) -> Deed:
    return Deed("Command Copied", {"command": "install"})


def _subscribe(_: Random, __: str) -> Deed:
    return Deed("Newsletter Subscribed", {"place": "below the post"})


def _leave(random: Random, _: str) -> Deed:
    return Deed(OUTBOUND_LINK, {URL: _ELSEWHERE.pick(random)})


def _find_nothing(_: Random, __: str) -> Deed:
    return Deed(NOT_FOUND, interactive=False)


_ON_POSTS: tuple[tuple[float, Act], ...] = ((0.05, _subscribe), (0.06, _leave))
_DEEDS: Mapping[str, tuple[tuple[float, Act], ...]] = {
    "/": ((0.25, _see_section),),
    "/pricing": ((0.2, _compare_plans),),
    "/welcome": ((1, _sign_up),),
    "/checkout": ((0.6, _purchase),),
    MOVED: ((1, _find_nothing),),
    "/docs/install": ((0.12, _download), (0.3, _copy_command)),
}
