"""Where a visitor is: a country from the browser's time zone, or from an mmdb file that the operator gave."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import maxminddb
from msgspec import Struct

from collector.privacy.address import network_of
from contracts.events import Place

NOWHERE = Place()


class Located(Struct, frozen=True):
    """Where somebody is, and whether a database says that only machines live in their network."""

    place: Place
    is_hosting: bool = False


_NOWHERE = Located(NOWHERE)
# The kinds of network (MaxMind's user_type) in which servers stand and nobody reads pages.
_HOSTING_TYPES = frozenset({"hosting", "content_delivery_network"})
# Links too, but to a city that keeps this time: they name a clock and not a place.
_CLOCKS = frozenset({"CET", "EET", "EST", "EST5EDT", "CST6CDT", "HST", "MET", "MST", "MST7MDT", "PST8PDT", "WET"})
# What browsers that resist fingerprinting say wherever they are (Firefox, Tor, Mullvad; UTC before), by both of its names: few
# live there, and many say so.
_DISGUISES = frozenset({"Atlantic/Reykjavik", "Iceland"})
_COUNTRY = re.compile(r"[A-Z]{2}")
_REGION = re.compile(r"[A-Z0-9]{1,3}")


class Places:
    """Countries by time zone, and by address where there is a database; neither is kept."""

    def __init__(self, mmdb: Path | None = None) -> None:
        self._by_zone = {zone: Located(Place(country=country)) for zone, country in zone_countries().items()}
        self._reader = None if mmdb is None else maxminddb.open_database(mmdb)

    @cached_property
    def built(self) -> str:
        """Return the day on which the database was built, or an empty string when there is none."""
        if self._reader is None:
            return ""
        return datetime.fromtimestamp(self._reader.metadata().build_epoch, UTC).date().isoformat()

    def find(self, ip: str, timezone: str) -> Located:
        """Return the place that the database knows for *ip*, else the country of *timezone*, else nowhere."""
        by_zone = self._by_zone.get(timezone, _NOWHERE)
        record = None if self._reader is None else _look_up(self._reader, ip)
        if record is None:
            return by_zone
        return located(record, by_zone)


def zone_countries() -> dict[str, str]:
    """Return the country of each IANA time zone that lies in one, old names included.

    zone.tab decides, because it has a line for every country; zone1970.tab joins countries whose clocks agree and puts the
    largest first; links give the names of the past (Asia/Calcutta, Europe/Kiev) the country of what they became. A zone that
    browsers say to hide where they are tells nothing.
    """
    folder = resources.files("tzdata") / "zoneinfo"
    countries: dict[str, str] = {}
    for table in ("zone.tab", "zone1970.tab"):
        for country, _, zone, *_ in _columns((folder / table).read_text(encoding="utf-8"), "\t"):
            countries.setdefault(zone, country[:2])
    for kind, target, *names in _columns((folder / "tzdata.zi").read_text(encoding="utf-8"), " "):
        if kind == "L" and target in countries and names[0] not in _CLOCKS:
            countries.setdefault(names[0], countries[target])
    return {zone: country for zone, country in countries.items() if zone not in _DISGUISES}


def _columns(text: str, separator: str) -> Iterator[list[str]]:
    return (line.split(separator) for line in text.splitlines() if line and not line.startswith("#"))


def _look_up(reader: maxminddb.Reader, ip: str) -> Mapping[str, Any] | None:
    network = network_of(ip, v4_bytes=3, v6_bytes=6)
    if network is None:
        return None
    try:
        record = reader.get(network)
    except ValueError:  # an IPv6 address in a database of IPv4 only
        return None
    return record if isinstance(record, Mapping) else None


def located(record: Mapping[str, Any], by_zone: Located) -> Located:
    """Return what a database's *record* says, and where it names no country the place *by_zone*."""
    return Located(place_of(record) or by_zone.place, is_hosting=_is_hosting(record))


def place_of(record: Mapping[str, Any]) -> Place | None:
    """Return the place in a database's *record*, in MaxMind's shape or the flat one of others; the city is never read."""
    for field in ("country", "country_code", "registered_country"):
        if _COUNTRY.fullmatch(country := _code(record.get(field))):
            subdivisions = record.get("subdivisions")
            region = _code(subdivisions[0]) if isinstance(subdivisions, list) and subdivisions else ""
            return Place(country=country, region=f"{country}-{region}" if _REGION.fullmatch(region) else "")
    return None


def _is_hosting(record: Mapping[str, Any]) -> bool:
    """Say whether the *record* calls the network hosting: among its traits, or flat as in a database of anonymous networks."""
    traits = record.get("traits")
    said = traits if isinstance(traits, Mapping) else record
    return said.get("is_hosting_provider") is True or said.get("user_type") in _HOSTING_TYPES


def _code(entry: object) -> str:
    code = entry.get("iso_code") if isinstance(entry, Mapping) else entry
    return code if isinstance(code, str) else ""
