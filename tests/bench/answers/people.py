"""What is known of people and of what they do: places, devices, sources, paths and names of events, by their numbers."""

import hashlib
from functools import lru_cache

from msgspec import Struct

from contracts.events import Channel, Device, DeviceKind, Place, Screen, Source
from tests.bench.answers.traffic import EVENTS, PATHS, SOURCES, weighted, zipf

_CODES = (
    "USDEGBFRINBRCANLESITJPAUPLSENOCHATBEDKFIIEPTCZMXARCLCOZANGKEEGTRILAESARUUAROHUGRBGHRRSSKSILTLVEEKRCNTWHKSGMYTHVNPHIDNZPK"
)
COUNTRIES = tuple(_CODES[at : at + 2] for at in range(0, len(_CODES), 2))
_REGIONS = ("BE", "BY", "HH", "NW", "SN", "TH", "HE", "SH")
_LANGUAGES = {
    "DE": "de",
    "AT": "de",
    "CH": "de",
    "FR": "fr",
    "ES": "es",
    "IT": "it",
    "JP": "ja",
    "BR": "pt",
    "NL": "nl",
    "NO": "nb",
}
_SYSTEMS = (
    (DeviceKind.DESKTOP, "Chrome", "Windows", 24),
    (DeviceKind.DESKTOP, "Chrome", "macOS", 9),
    (DeviceKind.DESKTOP, "Edge", "Windows", 8),
    (DeviceKind.DESKTOP, "Firefox", "Windows", 4),
    (DeviceKind.DESKTOP, "Firefox", "Linux", 3),
    (DeviceKind.DESKTOP, "Safari", "macOS", 6),
    (DeviceKind.MOBILE, "Mobile Safari", "iOS", 20),
    (DeviceKind.MOBILE, "Chrome Mobile", "Android", 19),
    (DeviceKind.MOBILE, "Samsung Internet", "Android", 4),
    (DeviceKind.TABLET, "Mobile Safari", "iPadOS", 3),
)
_VERSIONS = ("141", "142")
DEVICES = [
    Device(kind=kind, browser=browser, browser_version=version, os=system)
    for version in _VERSIONS
    for kind, browser, system, _ in _SYSTEMS
]
_DEVICE = weighted([share * part for part in (1, 3) for *_, share in _SYSTEMS])
_COUNTRY = zipf(len(COUNTRIES), 1.1)
_SCREENS = {
    DeviceKind.DESKTOP: (Screen.LARGE, Screen.WIDE),
    DeviceKind.MOBILE: (Screen.SMALL,),
    DeviceKind.TABLET: (Screen.MEDIUM,),
}

_WORDS = (
    "pricing",
    "release",
    "guide",
    "notes",
    "privacy",
    "events",
    "session",
    "country",
    "funnel",
    "export",
    "query",
    "server",
    "install",
    "update",
)
PATH_OF = ["/", *(f"/articles/{_WORDS[n % 14]}-{_WORDS[n // 14 % 14]}-{n:04}" for n in range(1, PATHS))]
EVENT_OF = ("Signup", "Purchase", "Download", "Search", *(f"Button {number}" for number in range(EVENTS - 4)))
PURCHASE = EVENT_OF.index("Purchase")
REFERRERS = ["", *(f"www.partner{number:02}.example" for number in range(1, SOURCES))]
CAMPAIGN = 9  # every ninth source is one


class Person(Struct, frozen=True, gc=False):
    """Where somebody is and with what."""

    place: Place
    device: Device
    language: str
    screen: Screen


@lru_cache(maxsize=1 << 16)
def person_of(site: int, number: int) -> Person:
    """Return who *number* is; always the same."""
    seed = int.from_bytes(hashlib.blake2b(b"%d/%d" % (site, number), digest_size=8).digest())
    country = COUNTRIES[_COUNTRY[seed & 0xFFFF]]
    device = DEVICES[_DEVICE[seed >> 16 & 0xFFFF]]
    screens = _SCREENS[device.kind]
    return Person(
        Place(country=country, region=f"{country}-{_REGIONS[seed >> 32 & 7]}"),
        device,
        _LANGUAGES.get(country, "en"),
        screens[seed >> 40 & 1 & len(screens) - 1],
    )


def _source(number: int) -> Source:
    if number == 0:
        return Source()
    referrer = f"https://{REFERRERS[number]}"
    if number % CAMPAIGN:
        return Source(name=f"Partner {number:02}", channel=Channel.REFERRAL, referrer=referrer)
    return Source(
        name=f"newsletter{number:02}",
        channel=Channel.EMAIL,
        referrer=referrer,
        utm_source=f"newsletter{number:02}",
        utm_medium="email",
        utm_campaign=f"campaign{number:02}",
    )


SOURCE_OF = [_source(number) for number in range(SOURCES)]
# Of every step but the first: whoever comes from the page before comes from nowhere.
ON_THE_SITE = Source()
