"""Running a command that a person watches: its own words are the output, and no log line comes between them."""

import asyncio
import logging
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run_command(work: Coroutine[Any, Any, Result]) -> Result:
    """Run *work* to its end and return what it returns."""
    keep_logs_out()
    return asyncio.run(work)


def run_until_interrupted(work: Coroutine[Any, Any, Result]) -> Result:
    """Run *work*, which ends when it is interrupted, also where a script has started it with & and its shell rules that out."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return run_command(work)


def keep_logs_out() -> None:
    """Let no log line come between a command's own words."""
    # With a handler of ours Python does not print warnings to the terminal by itself.
    logging.getLogger().addHandler(logging.NullHandler())
