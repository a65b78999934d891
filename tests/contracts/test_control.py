"""The control plane's events are read for ever, each thing is what its events make of it, and what cannot be is skipped."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.codec import NewerVersion, Undecodable, type_of
from contracts.control import CONTROL_CODEC, CONTROL_EVENTS, KINDS, fold
from contracts.control.envelope import ControlEvent, kind_of
from contracts.control.stream import control_settings, subject_of, thing_of
from contracts.control.tenants import Tenant, TenantAdded, TenantLabelled

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2026, 11, 22, 10, 0, 1, tzinfo=UTC)


def golden(event: type[ControlEvent]) -> ControlEvent:
    return CONTROL_CODEC.decode((GOLDEN / f"{type_of(event)}.json").read_bytes())  # type: ignore[return-value]


@pytest.mark.parametrize("event", CONTROL_EVENTS, ids=type_of)
def test_every_version_ever_published_decodes_for_ever(event: type[ControlEvent]):
    read = golden(event)
    assert type(read) is event
    assert read.at == AT
    assert CONTROL_CODEC.decode(CONTROL_CODEC.encode(read)) == read


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_event_of_a_kind_moves_its_thing_on(kind):
    thing = None
    for version, event in enumerate(kind.events, start=1):
        thing = fold(thing, replace(golden(event), originator_version=version))
        assert thing is not None
        assert (thing.version, kind_of(thing.id)) == (version, kind.name)


def test_a_second_event_of_one_version_counts_for_nothing():
    added = TenantAdded(originator_id="tenant:acme", originator_version=1, at=AT, by="here", label="Acme")
    once = fold(None, added)
    assert fold(once, added) is once
    assert fold(once, replace(added, label="Somebody else's")) is once


def test_an_event_that_nobody_could_read_ends_nothing_for_those_after_it():
    added = TenantAdded(originator_id="tenant:acme", originator_version=1, at=AT, by="here")
    labelled = TenantLabelled(originator_id="tenant:acme", originator_version=3, at=AT, by="here", label="Acme")
    assert fold(fold(None, added), labelled) == Tenant(id="tenant:acme", version=3, name="acme", label="Acme")


@pytest.mark.parametrize("thing_id", ["tenant:main", "site:main:shop.example", "site:a.b:c.d-e_f.example", "key:7k2m"])
def test_a_subject_names_the_thing_and_the_version(thing_id: str):
    assert thing_of(subject_of(thing_id, 12)) == (thing_id, 12)
    assert len(subject_of(thing_id, 12).split(".")) == 3 + thing_id.count(":")


def test_nothing_is_ever_given_up_or_written_twice():
    settings = control_settings(replicas=3)
    assert (settings["deny_delete"], settings["deny_purge"], settings["allow_direct"]) == (True, True, False)
    assert (settings["discard"], settings["max_age"], settings["num_replicas"]) == ("new", 0, 3)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{}", Undecodable),
        (b'{"type":"tenant_added.v1","id":"tenant:acme","version":0,"at":"2026-11-22T10:00:01Z","by":"here"}', Undecodable),
        (b'{"type":"tenant_added.v1","id":"tenant:*","version":1,"at":"2026-11-22T10:00:01Z","by":"here"}', Undecodable),
        (b'{"type":"tenant_added.v2","id":"tenant:acme"}', NewerVersion),
    ],
    ids=["nothing", "version 0", "no thing's id", "from the future"],
)
def test_what_is_no_event_of_ours_is_told_apart(body: bytes, error: type[ValueError]):
    with pytest.raises(error):
        CONTROL_CODEC.decode(body)


def test_no_event_has_a_field_for_a_secret_or_a_persons_particulars():
    fields = {field for event in CONTROL_EVENTS for field in event.__struct_fields__}
    assert not {"secret", "password", "email", "address", "ip", "user_agent", "person"} & fields
