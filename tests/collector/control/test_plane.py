"""The plane as a whole: NATS away, events that nobody can read, callers on an event loop, and what stands in the stream."""

import asyncio
from collections.abc import Callable

import pytest

from collector.control.decided import Reason
from collector.control.line import Line
from collector.control.plane import ControlPlane, open_plane
from collector.local.nats import NatsServer
from contracts.control.stream import ControlStream, subject_of
from tests.collector.control.worlds import START, Clock, kill, refused


def put(plane: ControlPlane, stream: ControlStream, thing_id: str, version: int, body: bytes) -> None:
    async def question(client) -> None:
        await client.request(subject_of(thing_id, version, root=stream.root), body, timeout=2)

    plane._factory._line.ask(question)


def test_while_nats_is_away_nothing_is_decided_and_then_it_goes_on(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    with open_plane(server.url, clock=lambda: START, patience=0.3) as plane:
        plane.tenants.add("acme", by="here")
        kill(server)
        with refused(Reason.UNAVAILABLE):
            plane.tenants.label("acme", label="Acme", by="here")
        with refused(Reason.UNAVAILABLE):
            plane.members.all()
    server.start()
    with open_plane(server.url, clock=lambda: START) as plane:
        assert plane.tenants.label("acme", label="Acme", by="here").thing.version == 2


@pytest.mark.parametrize("body", [b"nonsense", b'{"type":"tenant_added.v1","id":"tenant:other","version":2}'])
def test_an_event_that_cannot_be_read_stops_nothing_and_is_said_by_its_sequence(
    acme: ControlPlane, control_stream: ControlStream, body: bytes, caplog: pytest.LogCaptureFixture
):
    put(acme, control_stream, "tenant:acme", 2, body)
    decided = acme.tenants.label("acme", label="Still here", by="here")
    assert (decided.thing.version, decided.thing.label) == (3, "Still here")
    acme.tenants.archive("acme", by="here")
    assert list(acme.unreadable) == [5]
    said = [record.getMessage() for record in caplog.records if "sequence 5 " in record.getMessage()]
    assert len(said) == 1
    assert "nonsense" not in said[0]


def test_an_event_of_another_thing_than_its_subject_counts_for_nothing(acme: ControlPlane, control_stream: ControlStream):
    body = b'{"type":"tenant_archived.v1","id":"tenant:other","version":2,"at":"2026-11-22T10:00:01Z","by":"here"}'
    put(acme, control_stream, "tenant:acme", 2, body)
    assert not acme.tenants.find("acme").is_archived


@pytest.mark.parametrize("name", ["tenant_added.v2", "tenant_sold.v1"])
def test_what_a_newer_version_decided_is_not_decided_over(acme: ControlPlane, control_stream: ControlStream, name: str):
    put(acme, control_stream, "tenant:acme", 2, f'{{"type":"{name}"}}'.encode())
    with refused(Reason.UNAVAILABLE) as caught:
        acme.tenants.label("acme", label="Changed", by="here")
    assert "upgrade" in str(caught.value)
    assert acme.tenants.find("acme").version == 1
    assert acme.sites.archive("acme", "shop.example", by="here").thing.version == 3


async def test_a_caller_on_an_event_loop_does_not_stand_still(plane: ControlPlane):
    decided = await asyncio.gather(*(plane.run(lambda plane, n=n: plane.tenants.add(f"t{n}", by="here")) for n in range(5)))
    assert sorted(one.seq for one in decided) == [1, 2, 3, 4, 5]


def test_a_decision_says_when_it_was_made_and_by_whom(acme: ControlPlane, clock: Clock):
    rows = acme._recorder.select_notifications(None, 10)
    events = [acme.mapper.to_domain_event(row) for row in rows]
    assert {(event.at, event.by) for event in events} == {(clock.now, "here")}
    topics = ["tenant_added.v1", "site_added.v1", "site_named.v1", "name_claimed.v1"]
    assert [row.topic for row in rows] == topics


def test_nothing_in_the_environment_changes_the_plane(monkeypatch: pytest.MonkeyPatch, new_plane: Callable[[], ControlPlane]):
    monkeypatch.setenv("MAPPER_TOPIC", "no.such:thing")
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.popo")
    monkeypatch.setenv("IS_SNAPSHOTTING_ENABLED", "y")
    assert new_plane().tenants.add("acme", by="here").seq == 1


class Counting(Line):
    """Counts the questions that waited for one another."""

    asked = 0

    def ask(self, question):
        self.asked += 1
        return super().ask(question)


def test_all_of_a_kind_are_asked_for_together_however_many_there_are(nats_url: str, control_stream: ControlStream):
    with Counting(nats_url) as line, ControlPlane(line, clock=lambda: START, stream=control_stream) as plane:
        for number in range(70):
            plane.tenants.add(f"t{number}", by="here")
        plane.tenants.label("t7", label="Seven", by="here")
        before = line.asked
        found = {seen.id: (seen.version, seen.thing.label) for seen in plane.things_of("tenant")}
        assert found == {f"tenant:t{number}": (1, "") for number in range(70)} | {"tenant:t7": (2, "Seven")}
        assert line.asked - before == 1
