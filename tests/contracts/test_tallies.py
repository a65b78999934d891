"""A tally's documents are read for ever, its parts replace each other by subject, and its stream keeps the last of each."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.codec import Undecodable, type_of
from contracts.tallies import DOCUMENTS, TALLY_CODEC, TallyPart, hour_of, tally_settings

GOLDEN = Path(__file__).parent / "golden"
PART = (GOLDEN / "tally.v1.json").read_bytes()


@pytest.mark.parametrize("document", DOCUMENTS, ids=type_of)
def test_every_version_ever_published_decodes_for_ever(document: type):
    written = (GOLDEN / f"{type_of(document)}.json").read_bytes()
    read = TALLY_CODEC.decode(written)
    assert type(read) is document
    assert TALLY_CODEC.decode(TALLY_CODEC.encode(read)) == read


def test_a_part_has_its_own_subject_and_a_head_another():
    part: TallyPart = TALLY_CODEC.decode(PART)
    head = TALLY_CODEC.decode((GOLDEN / "tally_head.v1.json").read_bytes())
    assert part.subject == "tallies.0123456789abcdef.2026-11-22T10.3"
    assert replace(part, lines=()).subject == part.subject
    assert head.subject == "tallies.0123456789abcdef.head"


@pytest.mark.parametrize("wrong", [b'"hits": -1', b'"hits": 1e30', b'"reason": "Somebody\'s words", "hits": 1'])
def test_what_no_run_of_ours_tells_is_no_tally(wrong: bytes):
    with pytest.raises(Undecodable):
        TALLY_CODEC.decode(PART.replace(b'"hits": 1204', wrong))


def test_the_stream_keeps_the_last_of_each_subject_and_gives_up_the_oldest():
    settings = tally_settings(replicas=3)
    assert (settings["max_msgs_per_subject"], settings["discard"], settings["num_replicas"]) == (1, "old", 3)
    assert 0 < settings["max_bytes"] <= 64 * 1024 * 1024
    assert settings["max_age"] > 0


def test_an_hour_begins_on_the_hour():
    assert hour_of(datetime(2026, 11, 22, 10, 59, 59, 999_999, tzinfo=UTC)) == datetime(2026, 11, 22, 10, tzinfo=UTC)
