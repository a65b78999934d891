"""The recorder writes each version once, whatever becomes of the answer, and refuses a stream that is not as it must be."""

from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from eventsourcing.persistence import DataError, IntegrityError, OperationalError, StoredEvent

from collector.control import writing
from collector.control.line import Line
from collector.control.recorder import RecorderOnStream, StreamMoved
from collector.local.nats import NatsServer
from collector.stream.connection import ask
from contracts.control.stream import ControlStream, control_settings, subject_of
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError
from tests.collector.control.worlds import kill


@pytest.fixture
def line(nats_url: str) -> Iterator[Line]:
    with Line(nats_url) as line:
        yield line


@pytest.fixture
def recorder(line: Line, control_stream: ControlStream) -> RecorderOnStream:
    return RecorderOnStream(line, control_stream)


def event(version: int, body: bytes = b"{}", thing: str = "tenant:acme") -> StoredEvent:
    return StoredEvent(originator_id=thing, originator_version=version, topic="t", state=body)


def test_a_write_whose_answer_was_lost_is_no_conflict_with_itself(line: Line, control_stream, recorder: RecorderOnStream):
    recorder._keep()
    assert recorder.max_notification_id() is None
    for number, letters in enumerate([[event(1)], [event(2), event(1, thing="name:a")]]):
        write = writing.Write(control_stream, [recorder._letter(one) for one in letters])
        first = line.ask(lambda client, write=write: write.send(client, is_replicated=False))
        again = line.ask(lambda client, write=write: write.send(client, is_replicated=False))
        assert first == again == [[1], [2, 3]][number]
    assert recorder.max_notification_id() == 3


def test_whoever_only_asks_makes_no_stream(line: Line, control_stream: ControlStream, recorder: RecorderOnStream):
    asked = (
        recorder.select_events("tenant:acme"),
        recorder.notifications_of("tenant:acme"),
        recorder.notifications_by_thing("tenant"),
        recorder.select_notifications(None, 10),
        recorder.max_notification_id(),
    )
    assert not any(asked)
    with pytest.raises(JetStreamError) as missing:
        line.ask(lambda client: ask(client, f"STREAM.INFO.{control_stream.name}"))
    assert missing.value.err_code == STREAM_NOT_FOUND
    assert recorder.insert_events([event(1)]) == [1]
    assert recorder.max_notification_id() == 1


def test_somebody_elses_write_is_a_conflict_and_all_of_ours_stays_out(recorder: RecorderOnStream):
    recorder.insert_events([event(1)])
    with pytest.raises(IntegrityError):
        recorder.insert_events([event(1, thing="name:b"), event(1)])
    assert recorder.select_events("name:b") == []


def test_half_a_batch_of_a_process_that_died_is_in_nobodys_way(line: Line, control_stream, recorder: RecorderOnStream):
    recorder._keep()
    assert recorder.max_notification_id() is None
    write = writing.Write(control_stream, [recorder._letter(event(1)), recorder._letter(event(2))])

    async def half(client) -> None:
        await client.publish(write._letters[0].subject, b"half", headers=write._headers(0, "batch"))

    line.ask(half)
    assert recorder.insert_events([event(1), event(2)]) == [1, 2]
    assert [stored.state for stored in recorder.select_events("tenant:acme")] == [b"{}", b"{}"]


def test_a_decision_on_what_has_changed_since_is_refused(recorder: RecorderOnStream):
    recorder.insert_events([event(1)])
    recorder.insert_events([event(1, thing="tenant:other")])
    with pytest.raises(StreamMoved):
        recorder.insert_events([event(2)], after=1)
    with pytest.raises(StreamMoved):
        recorder.insert_events([event(2), event(3)], after=1)
    assert recorder.insert_events([event(2), event(3)], after=2) == [3, 4]


def test_what_jetstream_would_take_although_it_must_not_is_refused_before(recorder: RecorderOnStream):
    with pytest.raises(IntegrityError):
        recorder.insert_events([event(1), event(1)])
    with pytest.raises(DataError):
        recorder.insert_events([event(version) for version in range(1, 1002)])
    with pytest.raises(DataError):
        recorder.insert_events([event(1, b"x" * 300_000)])
    assert recorder.max_notification_id() is None


def test_every_reader_skips_a_second_event_of_one_version(line: Line, control_stream, recorder: RecorderOnStream):
    recorder.insert_events([event(1, b"first")])

    async def second(client) -> None:  # as a change of leader lets it in, without an expectation
        await client.request(subject_of("tenant:acme", 1, root=control_stream.root), b"second", timeout=2)

    line.ask(second)
    recorder.insert_events([event(2)])
    assert [stored.state for stored in recorder.select_events("tenant:acme")] == [b"first", b"{}"]
    assert [notice.id for notice in recorder.select_notifications(None, 10)] == [1, 3]
    assert [notice.id for notice in recorder.notifications_of("tenant:acme")] == [1, 3]


def test_where_servers_share_a_stream_the_winner_is_looked_up(line: Line, control_stream, recorder: RecorderOnStream):
    recorder.insert_events([event(1)])
    write = writing.Write(control_stream, [recorder._letter(event(2))])
    assert line.ask(lambda client: write.send(client, is_replicated=True)) == [2]


def test_a_stream_that_has_drifted_is_refused_with_a_sentence(line: Line, control_stream, recorder: RecorderOnStream):
    settings = control_settings(replicas=1, stream=control_stream) | {"max_age": 3_600_000_000_000}
    line.ask(lambda client: ask(client, f"STREAM.CREATE.{control_stream.name}", settings))
    with pytest.raises(OperationalError, match=r"max_age is 3600000000000, must be 0.*Set it back"):
        recorder.insert_events([event(1)])


def test_a_limit_that_was_changed_is_set_back(line: Line, control_stream, recorder: RecorderOnStream):
    settings = control_settings(replicas=1, stream=control_stream) | {"max_bytes": 1_000_000}
    line.ask(lambda client: ask(client, f"STREAM.CREATE.{control_stream.name}", settings))
    recorder.insert_events([event(1)])
    config = line.ask(lambda client: ask(client, f"STREAM.INFO.{control_stream.name}")).config
    assert config["max_bytes"] == control_settings(replicas=1)["max_bytes"]


def test_two_processes_may_make_the_stream_at_once(nats_url: str, control_stream: ControlStream):
    with Line(nats_url) as one, Line(nats_url) as other:
        threads = [
            Thread(target=RecorderOnStream(line, control_stream).insert_events, args=([event(1, thing=f"tenant:{name}")],))
            for name, line in (("a", one), ("b", other))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert RecorderOnStream(one, control_stream).max_notification_id() == 2


def test_what_was_recorded_outlives_a_server_that_is_killed(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    with Line(server.url, patience=30.0) as line:
        recorder = RecorderOnStream(line)
        recorder.insert_events([event(1), event(2)])
        kill(server)
        server.start()
        assert recorder.insert_events([event(3)]) == [3]
        assert [stored.originator_version for stored in recorder.select_events("tenant:acme")] == [1, 2, 3]


def test_a_stream_that_was_lost_is_not_written_on_as_if_nothing_had_been(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    with Line(server.url, patience=30.0) as line:
        recorder = RecorderOnStream(line)
        recorder.insert_events([event(1)])
        line.ask(lambda client: ask(client, "STREAM.DELETE.CONTROL"))
        kill(server)
        server.start()
        with pytest.raises(OperationalError, match="another one than before"):
            recorder.insert_events([event(2)])


def test_nobody_waits_for_ever_for_a_nats_that_is_away():
    with Line("nats://127.0.0.1:9", patience=0.1) as line, pytest.raises(OperationalError, match="does not answer"):
        RecorderOnStream(line).max_notification_id()


def test_a_closed_line_says_so(nats_url: str, control_stream: ControlStream):
    line = Line(nats_url)
    recorder = RecorderOnStream(line, control_stream)
    recorder.insert_events([event(1)])
    line.close()
    line.close()
    with pytest.raises(OperationalError, match="closed"):
        recorder.max_notification_id()
