"""The day's salt is nowhere on the disk, and without it nobody can be found in the ids, whatever else is known."""

import pytest

from tests.privacy.attacker import reverses
from tests.privacy.evidence import Evidence
from tests.privacy.haystacks import search
from tests.privacy.needles import needles_of_key
from tests.privacy.people import People
from tests.privacy.planting import KEY
from tests.privacy.traffic import SITE

PLANTED = ("answers", "metrics", "messages", "rows", "NATS's store", "Postgres's files", "logs", "temporary files")


@pytest.mark.parametrize("place", PLANTED)
def test_a_planted_key_is_found_in_every_form(evidence: Evidence, place: str):
    needles = needles_of_key(KEY)
    assert {name for _, name in search({place: evidence.haystacks[place]}, needles)} == set(needles)


def test_the_salt_is_nowhere_in_any_form_once_it_has_changed(evidence: Evidence):
    assert search(evidence.haystacks, needles_of_key(evidence.key)) == set()


@pytest.mark.parametrize("name", ["proxied", "proxied6", "direct"])
def test_with_the_living_salt_a_person_is_found(evidence: Evidence, people: People, name: str):
    for hay in (b"\x01\xffbefore" + evidence.key + b"after\xfe", b'{"salt": "' + evidence.key.hex().encode() + b'"}'):
        assert reverses(evidence.visitors, [hay], getattr(people, name), site=SITE, day=evidence.day.isoformat())


def test_with_everything_on_the_disk_and_no_salt_nobody_is_found(evidence: Evidence, people: People):
    hays = evidence.haystacks.values()
    assert not reverses(evidence.visitors, hays, people.proxied, site=SITE, day=evidence.day.isoformat())
