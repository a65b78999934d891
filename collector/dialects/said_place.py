"""Where a visitor is, by the word of a proxy that we trust: CDNs put the country, and some the region, into a header."""

import re
from typing import Final

from collector.arrival import Head
from contracts.events import Place

COUNTRY_HEADERS: Final = (
    *(b"cf-ipcountry", b"x-geo-country", b"x-country-code", b"x-appengine-country", b"fastly-country-code"),
)
REGION_HEADERS: Final = (b"cf-region-code", b"x-geo-region", b"x-appengine-region", b"x-region")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_REGION: Final = re.compile(r"(?:[A-Z]{2}-)?([A-Z0-9]{1,3})")
# What CDNs say where they do not know.
_NO_COUNTRY: Final = frozenset({"XX", "ZZ"})


def place_said(head: Head) -> Place | None:
    """Return the place that the headers name, None where none does or whoever wrote them is not trusted."""
    if not head.is_vouched:
        return None
    country = _first(head, COUNTRY_HEADERS)
    if _COUNTRY.fullmatch(country) is None or country in _NO_COUNTRY:
        return None
    region = _REGION.fullmatch(_first(head, REGION_HEADERS))
    return Place(country=country, region=f"{country}-{region[1]}" if region is not None else "")


def _first(head: Head, names: tuple[bytes, ...]) -> str:
    return next((said for name in names if (said := head.header(name).strip().upper())), "")
