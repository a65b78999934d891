"""The library's own suites run against our recorder, and what cannot apply is named with its reason.

Not here: TrackingRecorderTestCase and ProcessRecorderTestCase, for a position moves in one transaction with the rows that
follow from it, and those are in Postgres; the suites of transcoders, ciphers and compressors, which are the library's own.
"""

import uuid
from collections.abc import Iterator

import pytest
from eventsourcing.persistence import NotSupportedError
from eventsourcing.tests import application, persistence
from eventsourcing.utils import Environment

from collector.control.line import Line
from collector.control.recorder import AggregateRecorderOnStream, RecorderOnStream
from contracts.control.stream import ControlStream
from tests.collector.control.from_environment import TOPIC, FactoryFromEnvironment


class OnStream:
    """A line and a stream for each test of a suite; an id is text here, as every id of ours."""

    recorder_class: type[AggregateRecorderOnStream] = RecorderOnStream

    @pytest.fixture(autouse=True)
    def _on_stream(self, nats_url: str, control_stream: ControlStream) -> Iterator[None]:
        self.stream = control_stream
        with Line(nats_url, patience=30.0) as self.line:
            yield

    def create_recorder(self):
        return self.recorder_class(self.line, self.stream)

    def new_originator_id(self) -> str:
        return str(uuid.uuid4())


class TestAggregateRecorder(OnStream, persistence.AggregateRecorderTestCase):
    recorder_class = AggregateRecorderOnStream


class TestApplicationRecorder(OnStream, persistence.ApplicationRecorderTestCase):
    def test_insert_subscribe(self):
        self.optional_test_insert_subscribe()


class TestNonInterleavingNotificationIDs(OnStream, persistence.NonInterleavingNotificationIDsBaseCase):
    pass


class FromEnvironment:
    """What the library reads from the environment to find our factory."""

    @pytest.fixture(autouse=True)
    def _from_environment(self, nats_url: str, control_stream: ControlStream, monkeypatch: pytest.MonkeyPatch) -> None:
        self.env = Environment(
            env={
                "PERSISTENCE_MODULE": TOPIC,
                "SUITE_NATS": nats_url,
                "SUITE_STREAM": control_stream.name,
                "SUITE_ROOT": control_stream.root,
            }
        )
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)


class TestFactory(FromEnvironment, persistence.InfrastructureFactoryTestCase):
    def expected_factory_class(self):
        return FactoryFromEnvironment

    def expected_aggregate_recorder_class(self):
        return AggregateRecorderOnStream

    def expected_application_recorder_class(self):
        return RecorderOnStream

    def expected_tracking_recorder_class(self):
        raise AssertionError("there is none")

    tracking_recorder_subclass = expected_process_recorder_class = expected_tracking_recorder_class

    def test_create_tracking_recorder(self):
        with pytest.raises(NotSupportedError, match="in Postgres"):
            self.factory.tracking_recorder()

    def test_create_process_recorder(self):
        with pytest.raises(NotSupportedError, match="in Postgres"):
            self.factory.process_recorder()


class TestExampleApplication(FromEnvironment, application.ExampleApplicationTestCase):
    expected_factory_topic = TOPIC


@pytest.mark.filterwarnings("default::DeprecationWarning")  # one of its tests is about a warning
class TestApplication(FromEnvironment, application.ApplicationTestCase):
    pass
