"""Keys are issued by their digest, replaced with a time in which both work, and revoked; another tenant's is not there."""

from datetime import timedelta

import pytest

from collector.control.decided import Reason
from collector.control.plane import ControlPlane
from contracts.control.keys import KeyKind, Scope
from tests.collector.control.worlds import DAY, START, Clock, digest_of, refused

SECRET = {"kind": KeyKind.SECRET, "scopes": [Scope.INGEST, Scope.READ], "by": "here"}


@pytest.fixture
def plane(acme: ControlPlane) -> ControlPlane:
    acme.tenants.add("rival", by="here")
    return acme


def test_a_key_is_issued_once(plane: ControlPlane):
    first = plane.keys.issue("acme", "7k2m", digest=digest_of("a"), site="shop.example", **SECRET)
    assert plane.keys.issue("acme", "7k2m", digest=digest_of("a"), site="shop.example", **SECRET) == first
    assert plane.keys.find("acme", "7k2m") == first.thing
    with refused(Reason.CONFLICT):
        plane.keys.issue("acme", "7k2m", digest=digest_of("b"), site="shop.example", **SECRET)
    with refused(Reason.CONFLICT):
        plane.keys.issue("rival", "7k2m", digest=digest_of("a"), **SECRET)


def test_a_rotated_key_works_until_its_overlap_ends(plane: ControlPlane, clock: Clock):
    plane.keys.issue("acme", "old", digest=digest_of("a"), label="server", **SECRET)
    new = plane.keys.rotate("acme", "old", new="new", digest=digest_of("b"), overlap=DAY, by="here").thing
    old = plane.keys.find("acme", "old")
    assert (new.scopes, new.label, new.replaces) == (old.scopes, "server", "old")
    assert old.works_at(START + DAY - timedelta(seconds=1))
    assert not old.works_at(START + DAY)
    assert new.works_at(START + 100 * DAY)
    clock.now += timedelta(minutes=1)
    again = plane.keys.rotate("acme", "old", new="new", digest=digest_of("b"), overlap=DAY, by="here").thing
    assert again == new
    assert plane.keys.find("acme", "old") == old


def test_a_revoked_key_stops_working_and_has_no_successor(plane: ControlPlane):
    plane.keys.issue("acme", "7k2m", digest=digest_of("a"), **SECRET)
    revoked = plane.keys.revoke("acme", "7k2m", by="here")
    assert not revoked.thing.works_at(START)
    assert plane.keys.revoke("acme", "7k2m", by="here") == revoked
    with refused(Reason.CONFLICT):
        plane.keys.rotate("acme", "7k2m", new="n", digest=digest_of("b"), overlap=DAY, by="here")


@pytest.mark.parametrize("short", ["7k2m", "none", "*", "A", ""])
def test_a_foreign_key_and_one_that_is_not_there_are_the_same(plane: ControlPlane, short: str):
    plane.keys.issue("acme", "7k2m", digest=digest_of("a"), **SECRET)
    with refused(Reason.NOT_FOUND):
        plane.keys.revoke("rival", short, by="here")


def test_a_public_key_does_nothing_but_send(plane: ControlPlane):
    plane.keys.issue("acme", "pub", digest=digest_of("a"), kind=KeyKind.PUBLIC, scopes=[Scope.INGEST], by="here")
    with refused(Reason.INVALID, "scopes"):
        plane.keys.issue("acme", "p2", digest=digest_of("b"), kind=KeyKind.PUBLIC, scopes=[*SECRET["scopes"]], by="here")


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("digest", {"digest": "abc"}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["everything"]}),
        ("expires_at", {"expires_at": START}),
        ("expires_at", {"expires_at": (START + DAY).replace(tzinfo=None)}),
        ("kind", {"kind": "open"}),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name(plane: ControlPlane, field: str, asked: dict):
    with refused(Reason.INVALID, field):
        plane.keys.issue("acme", "7k2m", **({"digest": digest_of("a")} | SECRET | asked))


def test_a_key_is_for_a_site_of_its_own_tenant(plane: ControlPlane):
    with refused(Reason.NOT_FOUND):
        plane.keys.issue("rival", "7k2m", digest=digest_of("a"), site="shop.example", **SECRET)


@pytest.mark.parametrize("overlap", [-DAY, 91 * DAY])
def test_an_overlap_has_an_end(plane: ControlPlane, overlap: timedelta):
    plane.keys.issue("acme", "7k2m", digest=digest_of("a"), **SECRET)
    with refused(Reason.INVALID, "overlap"):
        plane.keys.rotate("acme", "7k2m", new="n", digest=digest_of("b"), overlap=overlap, by="here")
