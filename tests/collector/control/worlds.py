"""What the tests of the control plane share: a clock that is set, digests, and who was refused for what."""

import contextlib
import hashlib
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from collector.control.decided import Reason, Undecided
from collector.local.nats import NatsServer

# What takes minutes runs in `make nightly`, a sample of it with every change.
ALL = os.environ.get("CONTROL") == "all"
START = datetime(2026, 11, 22, 10, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock:
    """Says what it is set to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@contextlib.contextmanager
def refused(reason: Reason, field: str = "") -> Iterator[pytest.ExceptionInfo[Undecided]]:
    with pytest.raises(Undecided) as caught:
        yield caught
    assert (caught.value.reason, caught.value.field) == (reason, field)


def kill(server: NatsServer) -> None:
    """Let *server* be gone as when the power fails."""
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
