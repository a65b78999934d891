"""What the tests of the privacy package share: the shipped lists, loaded once."""

from pathlib import Path

import pytest

from collector.privacy.enrich.lists import Lists

DATABASES = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def lists() -> Lists:
    return Lists.load()


@pytest.fixture(scope="session")
def city_database() -> Path:
    return DATABASES / "GeoIP2-City-Test.mmdb"


@pytest.fixture(scope="session")
def country_database() -> Path:
    return DATABASES / "GeoIP2-Country-Test.mmdb"
