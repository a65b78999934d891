"""The library's factory of what persists events, on a line and the stream of decisions."""

from typing import NoReturn

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    NotSupportedError,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.utils import Environment

from collector.control.line import Line
from collector.control.recorder import AggregateRecorderOnStream, RecorderOnStream
from contracts.control.stream import CONTROL_STREAM, ControlStream


class StreamFactory(InfrastructureFactory[TrackingRecorder]):
    """Makes recorders on *line*; what is recorded for another purpose than events has a stream beside theirs."""

    def __init__(self, env: Environment, line: Line, stream: ControlStream = CONTROL_STREAM, *, replicas: int = 1) -> None:
        super().__init__(env)
        self._line = line
        self._stream = stream
        self._replicas = replicas

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Return a recorder without an order of all events."""
        stream = self._stream
        if purpose != "events":
            stream = ControlStream(name=f"{stream.name}_{purpose.upper()}", root=f"{stream.root}_{purpose}")
        return AggregateRecorderOnStream(self._line, stream, replicas=self._replicas)

    def application_recorder(self) -> ApplicationRecorder:
        """Return a recorder."""
        return RecorderOnStream(self._line, self._stream, replicas=self._replicas)

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> NoReturn:  # noqa: ARG002
        """Refuse: what is tracked moves in one transaction with the rows that follow from it, and those are in Postgres."""
        raise NotSupportedError("a position is kept in Postgres, beside what it is the position of")

    def process_recorder(self) -> ProcessRecorder:
        """Refuse, for the same reason."""
        return self.tracking_recorder()

    def close(self) -> None:
        """Leave NATS."""
        self._line.close()
