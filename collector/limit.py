"""Limit: how much a sender may send; nobody is limited by default."""

from collections.abc import Callable
from typing import TypeAlias

from collector.arrival import Head
from collector.hit import Sender

# Counts one request of a sender, and raises Refused with the seconds to wait when it is one too many.
Limit: TypeAlias = Callable[[Sender, Head], None]


def limit_nobody(sender: Sender, head: Head) -> None:
    """Let everybody send as much as they like."""
