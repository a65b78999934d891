"""What the tests of imports share: the lists, which take a second to read."""

import pytest

from collector.privacy.enrich.lists import Lists


@pytest.fixture(scope="session")
def lists() -> Lists:
    return Lists.load()
