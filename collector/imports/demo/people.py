"""The people of the demo, and its robots: where they live, what they browse with."""

from datetime import date, timedelta
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from collector.imports.demo.weighted import Weighted
from contracts.events import Device, DeviceKind, Place, Screen


class Person(Struct, frozen=True, kw_only=True):
    """Somebody on one day; ``ahead`` is how far their clock is from UTC, and ``currency`` what they pay in."""

    visitor: str
    place: Place
    ahead: timedelta
    device: Device
    screen: Screen
    language: str
    currency: str


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

_VERSIONS = {"Windows": "10", "Mac OS X": "10", "iOS": "26", "Android": "16"}
_SCREENS = {
    DeviceKind.DESKTOP: Weighted((2, Screen.LARGE), (3, Screen.WIDE)),
    DeviceKind.MOBILE: Weighted((1, Screen.SMALL)),
    DeviceKind.TABLET: Weighted((3, Screen.MEDIUM), (1, Screen.LARGE)),
}
# Of most people there; some read in English wherever they are.
_SPOKEN_IN = {"de": ("DE", "AT", "CH"), "fr": ("FR",), "nl": ("NL",), "hi": ("IN",), "pt": ("BR",), "pl": ("PL",)} | {
    code: (country,) for code, country in (("es", "ES"), ("sv", "SE"), ("ja", "JP"))
}
_LANGUAGES = {country: language for language, countries in _SPOKEN_IN.items() for country in countries}
_READS_ENGLISH = 0.2
_ENGLISH = "en"
_CURRENCIES = {"US": "USD", "GB": "GBP"}
_USUAL_CURRENCY = "EUR"

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
    home, device = _HOMES.pick(random), _DEVICES.pick(random)
    country = home.place.country
    return Person(
        visitor=visitor,
        place=home.place,
        ahead=timedelta(hours=home.hours_ahead),
        device=replace(device, os_version=_VERSIONS.get(device.os, "")),
        screen=_SCREENS[device.kind].pick(random),
        language=_ENGLISH if random.random() < _READS_ENGLISH else _LANGUAGES.get(country, _ENGLISH),
        currency=_CURRENCIES.get(country, _USUAL_CURRENCY),
    )


def visitor_id(site: str, seed: int, day: date, number: int | str) -> str:
    """Return 128 bits as hex, equal for equal arguments; there is nobody behind it."""
    return f"{seeded(site, seed, day, 'visitor', number).getrandbits(128):032x}"


def seeded(*parts: object) -> Random:
    """Return a source of randomness that is the same for the same *parts*."""
    return Random("/".join(map(str, parts)))  # noqa: S311  # a demo's facts are no secrets
