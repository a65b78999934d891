"""No message advises a change that nobody has tried: each is in the inventory, with the test that takes the step."""

import re

import pytest

from tests.advice.inventory import ADVICE, HARMLESS
from tests.advice.messages import CHANGES, messages
from tests.advice.of_systems import OF_SYSTEMS
from tests.house.sources import ROOT

EVERYTHING = (*ADVICE, *OF_SYSTEMS)


def test_every_message_that_advises_a_change_is_in_the_inventory():
    known = [(advice.file, advice.words) for advice in EVERYTHING]
    unknown = [
        f"{said.file}: {said.text[:100]}"
        for said in messages()
        if not any(said.file == file and words in said.text for file, words in known)
    ]
    assert not unknown, "take the step in the situation that prints it, in a test, and enter it in tests/advice/inventory.py"


def test_every_entry_is_a_message_that_is_said():
    said = messages()
    assert [
        advice for advice in EVERYTHING if not any(one.file == advice.file and advice.words in one.text for one in said)
    ] == []


def test_every_step_is_taken_by_a_test_that_there_is():
    named = [advice.test.partition("::") for advice in EVERYTHING if advice.test != HARMLESS]
    missing = [
        test for file, _, test in named if not re.search(rf"def {test or 'test_'}", (ROOT / file).read_text(encoding="utf-8"))
    ]
    assert missing == []


@pytest.mark.parametrize(
    "text",
    ["Run: collector backfill", "Drop the table.", "then `nats stream rm X`", "Put it back.", "Set COLLECTOR_PARTITIONS to 2"],
)
def test_an_advice_is_recognised(text: str):
    assert CHANGES.search(text)
