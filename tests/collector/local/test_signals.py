"""What asks the supervisor to stop is heard, also where a script has started it with &; a hang-up under nohup is not."""

import os
import signal

import pytest

from collector.local.signals import StopSignals


@pytest.mark.parametrize(
    ("number", "is_heard"), [(signal.SIGINT, True), (signal.SIGTERM, True), (signal.SIGHUP, False)], ids=["INT", "TERM", "HUP"]
)
def test_a_signal_that_whoever_started_us_ignores(number: signal.Signals, is_heard: bool):  # noqa: FBT001
    before = signal.signal(number, signal.SIG_IGN)
    try:
        signals = StopSignals()
        with signals.heard():
            os.kill(os.getpid(), number)
            assert signals.is_asked() is is_heard
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)
