"""Which unknown fields are taken for the name of an event, and which are another client's own."""

import pytest

from collector.dialects.wrong_names import is_meant_as_name

MISSPELT = "evntName eventname EventName event_name event-name eventNmae evenName eventNames vntName Name NAME nmae nam names"
ELSEWHERE = "event Event eventType event_type action goal evt"
OTHERS = "title hostname language screenWidth eventId eventTime event_date game frame same username n u d v userId properties _"


@pytest.mark.parametrize("field", [*f"{MISSPELT} {ELSEWHERE}".split(), "event name"])
def test_a_name_that_is_misspelt_or_called_as_elsewhere_is_meant(field: str):
    assert is_meant_as_name(field)


@pytest.mark.parametrize("field", [*OTHERS.split(), "", "x" * 5000])
def test_what_another_client_sends_beside_a_page_is_not(field: str):
    assert not is_meant_as_name(field)
