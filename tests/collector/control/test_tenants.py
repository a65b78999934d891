"""Tenants are added once, called by another label, archived and restored; what cannot be is refused with what to do."""

from collections.abc import Callable

import pytest

from collector.control.decided import Reason
from collector.control.plane import ControlPlane
from contracts.control.tenants import Tenant
from tests.collector.control.worlds import refused


def test_a_tenant_is_what_was_decided_about_it(plane: ControlPlane):
    plane.tenants.add("acme", label="Acme", by="here")
    plane.tenants.label("acme", label="Acme & Söhne", by="member:1")
    decided = plane.tenants.archive("acme", by="member:1")
    assert (decided.seq, decided.thing.is_archived) == (3, True)
    assert plane.tenants.restore("acme", by="token").seq == 4
    assert plane.tenants.find("acme") == Tenant(id="tenant:acme", version=4, name="acme", label="Acme & Söhne")


def test_adding_what_is_there_exactly_so_decides_nothing_new(plane: ControlPlane):
    first = plane.tenants.add("acme", label="Acme", by="here")
    assert plane.tenants.add("acme", label="Acme", by="token") == first
    with refused(Reason.CONFLICT):
        plane.tenants.add("acme", label="Another", by="here")


def test_deciding_what_holds_already_decides_nothing_new(plane: ControlPlane):
    plane.tenants.add("acme", label="Acme", by="here")
    assert plane.tenants.label("acme", label="Acme", by="here").seq == 1
    assert plane.tenants.restore("acme", by="here").seq == 1
    assert plane.tenants.archive("acme", by="here").seq == plane.tenants.archive("acme", by="here").seq == 2


def test_an_archived_tenant_gets_nothing_new(acme: ControlPlane):
    acme.tenants.archive("acme", by="here")
    with refused(Reason.CONFLICT):
        acme.sites.add("acme", "blog.example", by="here")


@pytest.mark.parametrize("name", ["nobody", "a*", "a.>", "", "A", "a:b", "x" * 300])
def test_a_tenant_that_is_not_there_is_not_found_whatever_was_asked(plane: ControlPlane, name: str):
    with refused(Reason.NOT_FOUND):
        plane.tenants.find(name)


@pytest.mark.parametrize("name", ["", "A", "a b", "a*", ".a", "x" * 141])
def test_a_tenants_name_fits_every_subject(plane: ControlPlane, name: str):
    with refused(Reason.INVALID, "name") as caught:
        plane.tenants.add(name, by="here")
    assert not name or name not in str(caught.value)


@pytest.mark.parametrize(("label", "by", "field"), [("x" * 101, "here", "label"), ("a\nb", "here", "label"), ("", "!", "by")])
def test_a_value_that_the_contract_does_not_take_is_refused(plane: ControlPlane, label: str, by: str, field: str):
    with refused(Reason.INVALID, field):
        plane.tenants.add("acme", label=label, by=by)


def test_of_two_edits_of_what_both_have_seen_one_wins(new_plane: Callable[[], ControlPlane]):
    one, other = new_plane(), new_plane()
    seen = one.tenants.add("acme", by="here").thing.version
    one.tenants.label("acme", label="One", by="here", expected_version=seen)
    with refused(Reason.CONFLICT):
        other.tenants.label("acme", label="Other", by="here", expected_version=seen)
    assert other.tenants.find("acme").label == "One"
