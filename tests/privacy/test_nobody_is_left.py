"""Nobody who came can be found in anything that was written, stored, logged, measured or answered; whoever was planted can."""

import hashlib

import pytest

from tests.privacy.evidence import Evidence
from tests.privacy.haystacks import search
from tests.privacy.needles import forms_of_text, needles_of, packed_needle
from tests.privacy.people import People
from tests.privacy.scenario import KEY

PLACES = (
    *("answers", "metrics", "what commands said"),
    *("messages", "rows"),
    *("NATS's store", "Postgres's files", "logs", "the data directory", "standard output", "temporary files"),
)
# Nobody plants anything among the installation's own notes; what is there is read all the same.
UNPLANTED = ("the data directory",)


def test_every_place_was_searched(evidence: Evidence):
    assert set(evidence.haystacks) == set(PLACES)
    assert all(evidence.haystacks.values())


@pytest.mark.parametrize("place", [place for place in PLACES if place not in UNPLANTED])
def test_who_was_planted_is_found_in_every_form(evidence: Evidence, people: People, place: str):
    needles = needles_of(people.planted)
    found = {name for _, name in search({place: evidence.haystacks[place]}, needles)}
    assert found == set(needles)


def test_an_address_is_found_in_the_types_and_the_compression_that_hide_it_from_a_search_of_files(
    evidence: Evidence, people: People
):
    assert search({"rows": evidence.logical["rows"]}, packed_needle(people.planted))


@pytest.mark.parametrize("place", PLACES)
def test_nobody_who_came_is_found_in_any_form(evidence: Evidence, people: People, place: str):
    assert search({place: evidence.haystacks[place]}, people.needles()) == set()


@pytest.mark.parametrize("place", PLACES)
def test_no_key_is_found_in_whole_or_by_its_digest(evidence: Evidence, place: str):
    digest = hashlib.sha256(KEY.encode())
    needles = {"key": KEY.encode(), "digest": digest.digest(), "digest, hex": digest.hexdigest().encode()}
    assert search({place: evidence.haystacks[place]}, needles) == set()


@pytest.mark.parametrize("place", PLACES)
def test_nothing_that_was_handed_out_is_found_again(evidence: Evidence, place: str):
    assert set(evidence.handed) == {"key", "secret of the key", "token", "cookie", "token of forms"}
    needles = {f"{what}, {form}": needle for what, text in evidence.handed.items() for form, needle in forms_of_text(text)}
    assert search({place: evidence.haystacks[place]}, needles) == set()


@pytest.mark.parametrize("place", PLACES)
def test_no_hash_of_a_password_lies_open(evidence: Evidence, place: str):
    assert search({place: evidence.haystacks[place]}, {"argon2": b"$argon2"}) == set()


def test_a_members_particulars_lie_in_the_vault_and_are_sealed_there(evidence: Evidence):
    assert b"$KV.vault.member." in evidence.logical["messages"]
    assert "ok  Stream KV_vault: " in evidence.clean.stdout
    assert "ok  Stream CONTROL: " in evidence.clean.stdout


def test_no_typed_column_holds_a_packed_address(evidence: Evidence, people: People):
    assert search({"rows": evidence.logical["rows"]}, people.packed()) == set()
