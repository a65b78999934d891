"""The factory as the library's own suites make it: from the environment, on a stream of the test's."""

from eventsourcing.utils import Environment

from collector.control.factory import StreamFactory
from collector.control.line import Line
from contracts.control.stream import ControlStream

TOPIC = f"{__name__}:FactoryFromEnvironment"


class FactoryFromEnvironment(StreamFactory):
    """A factory with a line of its own."""

    def __init__(self, env: Environment) -> None:
        stream = ControlStream(name=env["SUITE_STREAM"], root=env["SUITE_ROOT"])
        super().__init__(env, Line(env["SUITE_NATS"], patience=30.0), stream)
