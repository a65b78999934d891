"""The people of the demo, and its robots: where they live, what they browse with."""

from datetime import date, timedelta
from random import Random

from msgspec import Struct

from collector.imports.demo.weighted import Weighted
from contracts.events import Device, DeviceKind, Place


class Person(Struct, frozen=True, kw_only=True):
    """Somebody on one day; ``ahead`` is how far their clock is from UTC."""

    visitor: str
    place: Place
    ahead: timedelta
    device: Device


class _Home(Struct, frozen=True):
    place: Place
    hours_ahead: float


def _home(country: str, hours_ahead: float, region: str = "") -> _Home:
    return _Home(Place(country=country, region=f"{country}-{region}" if region else ""), hours_ahead)


_HOMES = Weighted(
    (9, _home("DE", 1, "BE")),
    (6, _home("DE", 1, "BY")),
    (5, _home("DE", 1)),
    (8, _home("US", -5, "NY")),
    (8, _home("US", -8, "CA")),
    (6, _home("US", -6)),
    (9, _home("GB", 0)),
    (8, _home("FR", 1)),
    (6, _home("NL", 1)),
    (5, _home("IN", 5.5)),
    (4, _home("BR", -3)),
    (4, _home("PL", 1)),
    (4, _home("ES", 1)),
    (3, _home("SE", 1)),
    (3, _home("CA", -5)),
    (3, _home("AT", 1)),
    (3, _home("CH", 1)),
    (2, _home("JP", 9)),
    (2, _home("AU", 10)),
    (2, _home("NG", 1)),
    (1, _home("ZA", 2)),
    (1, _home("", 0)),
)

_DEVICES = Weighted(
    (24, Device(kind=DeviceKind.DESKTOP, browser="Chrome", browser_version="142", os="Windows")),
    (11, Device(kind=DeviceKind.DESKTOP, browser="Chrome", browser_version="142", os="Mac OS X")),
    (8, Device(kind=DeviceKind.DESKTOP, browser="Safari", browser_version="26", os="Mac OS X")),
    (6, Device(kind=DeviceKind.DESKTOP, browser="Firefox", browser_version="145", os="Windows")),
    (5, Device(kind=DeviceKind.DESKTOP, browser="Firefox", browser_version="145", os="Linux")),
    (5, Device(kind=DeviceKind.DESKTOP, browser="Edge", browser_version="142", os="Windows")),
    (2, Device(kind=DeviceKind.DESKTOP, browser="Chrome", browser_version="142", os="Chrome OS")),
    (18, Device(kind=DeviceKind.MOBILE, browser="Mobile Safari", browser_version="26", os="iOS")),
    (15, Device(kind=DeviceKind.MOBILE, browser="Chrome Mobile", browser_version="142", os="Android")),
    (3, Device(kind=DeviceKind.MOBILE, browser="Samsung Internet", browser_version="29", os="Android")),
    (2, Device(kind=DeviceKind.MOBILE, browser="Firefox Mobile", browser_version="145", os="Android")),
    (1, Device(kind=DeviceKind.MOBILE, browser="DuckDuckGo Mobile", browser_version="5", os="Android")),
    (3, Device(kind=DeviceKind.TABLET, browser="Mobile Safari", browser_version="26", os="iOS")),
    (1, Device(kind=DeviceKind.TABLET, browser="Chrome", browser_version="142", os="Android")),
)

ROBOTS = Weighted(
    (30, "Googlebot"),
    (18, "bingbot"),
    (16, "GPTBot"),
    (10, "ClaudeBot"),
    (8, "PerplexityBot"),
    (8, "Applebot"),
    (6, "Ahrefs"),
    (4, "UptimeRobot"),
)


def person(visitor: str, random: Random) -> Person:
    """Return the person behind the id *visitor*."""
    home = _HOMES.pick(random)
    return Person(visitor=visitor, place=home.place, ahead=timedelta(hours=home.hours_ahead), device=_DEVICES.pick(random))


def visitor_id(site: str, seed: int, day: date, number: int | str) -> str:
    """Return 128 bits as hex, equal for equal arguments; there is nobody behind it."""
    return f"{seeded(site, seed, day, 'visitor', number).getrandbits(128):032x}"


def seeded(*parts: object) -> Random:
    """Return a source of randomness that is the same for the same *parts*."""
    return Random("/".join(map(str, parts)))  # noqa: S311  # a demo's facts are no secrets
