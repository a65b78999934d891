"""Which country is it, and how much of the address did that take?"""

from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest

from collector.privacy.address import network_of
from collector.privacy.enrich.place import NOWHERE, Located, Places, located, place_of, zone_countries
from contracts.events import Place

PLACELESS = {zone for zone in available_timezones() if zone.startswith("Etc/")}
PLACELESS |= {"UTC", "UCT", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich", "Universal", "Zulu", "Factory"}


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Berlin", "DE"),
        ("Europe/Stockholm", "SE"),
        ("America/New_York", "US"),
        ("Europe/Oslo", "NO"),  # a link whose country has its own line
        ("Arctic/Longyearbyen", "SJ"),
        ("Asia/Calcutta", "IN"),  # names of the past
        ("Europe/Kiev", "UA"),
        ("Asia/Saigon", "VN"),
        ("US/Pacific", "US"),
        ("Japan", "JP"),
    ],
)
def test_a_time_zone_tells_the_country(zone: str, country: str):
    assert Places().find("203.0.113.9", zone).place == Place(country=country)


@pytest.mark.parametrize("zone", ["", "UTC", "Etc/GMT+5", "CET", "EST", "Mars/Olympus", "europe/oslo", "\ud800", "\0"])
def test_a_clock_without_a_country_tells_nothing(zone: str):
    assert Places().find("203.0.113.9", zone).place == NOWHERE


def test_every_zone_that_is_named_after_a_place_has_a_country():
    continents = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    named = {zone for zone in available_timezones() if zone.startswith(continents)}
    assert named - zone_countries().keys() == {"Atlantic/Reykjavik"}  # see below


@pytest.mark.parametrize("zone", sorted({"Atlantic/Reykjavik", "Iceland"} | PLACELESS))
def test_a_zone_that_hides_where_somebody_is_tells_nothing_and_a_database_still_does(zone: str, country_database: Path):
    assert Places().find("203.0.113.9", zone).place == NOWHERE
    assert Places(country_database).find("111.235.160.9", zone).place == Place(country="CN"), (
        "what the operator's database knows stays"
    )


@pytest.mark.parametrize(
    ("ip", "place"),
    [
        ("2.2.3.9", Place(country="GB", region="GB-ENG")),
        ("::ffff:2.2.3.9", Place(country="GB", region="GB-ENG")),
        ("175.16.199.7", Place(country="CN", region="CN-22")),
        ("2001:480:10::7", Place(country="US", region="US-CA")),
        ("2a02:d700::1", Place(country="DE")),
    ],
)
def test_a_database_tells_country_and_subdivision_and_beats_the_time_zone(city_database: Path, ip: str, place: Place):
    assert Places(city_database).find(ip, "Asia/Tokyo").place == place


def test_a_country_database_tells_the_country(country_database: Path):
    assert Places(country_database).find("111.235.160.9", "").place == Place(country="CN")


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ({"country_code": "NO"}, Place(country="NO")),
        ({"country": "NO", "region": "Oslo"}, Place(country="NO")),
        ({"country": "Norway", "country_code": "NO"}, Place(country="NO")),
        ({"registered_country": {"iso_code": "NO"}}, Place(country="NO")),
        ({"country": {"iso_code": "NO"}, "subdivisions": "Oslo"}, Place(country="NO")),
        ({"country": {"iso_code": 47}}, None),
        ({}, None),
    ],
)
def test_the_shapes_of_other_makers_are_read_too(record: dict[str, object], place: Place | None):
    assert place_of(record) == place


@pytest.mark.parametrize("ip", ["192.0.2.1", "not an address", "", "\0", "\ud800", "1.2.3.4:80"])
def test_where_the_database_knows_nothing_the_time_zone_does(city_database: Path, ip: str):
    assert Places(city_database).find(ip, "Europe/Oslo").place == Place(country="NO")


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.9", "203.0.113.0"),
        ("::ffff:203.0.113.9", "203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("2001:db8:1:2::1%eth0", "2001:db8:1::"),
        ("203.0.113.9/24", None),
    ],
)
def test_a_look_up_sees_no_more_than_a_24_or_a_48(ip: str, network: str | None):
    assert network_of(ip, v4_bytes=3, v6_bytes=6) == network


def test_a_database_tells_the_day_it_was_built(city_database: Path):
    assert date.fromisoformat(Places(city_database).built)
    assert Places().built == ""


@pytest.mark.parametrize(
    ("record", "is_hosting"),
    [
        ({"traits": {"is_hosting_provider": True}}, True),
        ({"traits": {"user_type": "hosting"}}, True),
        ({"is_hosting_provider": True}, True),
        ({"traits": {"user_type": "residential"}}, False),
        ({"is_anonymous_vpn": True}, False),
        ({}, False),
    ],
)
def test_a_network_is_hosting_where_a_database_says_so(record: dict[str, Any], *, is_hosting: bool):
    assert located(record, Located(NOWHERE)) == Located(NOWHERE, is_hosting=is_hosting)


def test_a_missing_database_is_an_error_at_once(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        Places(tmp_path / "missing.mmdb")
