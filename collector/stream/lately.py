"""Lately: which message ids the stream has been seen to hold, and how often each came back; a hint, never an answer."""

import mmap
from typing import Final

SLOTS: Final = 1 << 20  # four megabytes: at 5,000 events a second, most of what the stream's own window of 120 s holds
ONCE, OFTEN = 1, 3

_SLOT: Final = SLOTS - 1
_TIMES: Final = 3  # the lowest two bits count, the 28 above them say which id it is
_WHICH: Final = (1 << 30) - 1 & ~_TIMES
_WHICH_AT: Final = 18  # those bits of the hash that did not choose the slot


class Lately:
    """A table in which the newest id wins its slot: nothing to sweep, and it never grows.

    What it has forgotten, or takes for another, costs a question to the stream, no more. Python's own hash is random in each
    process, so nobody outside can choose ids that meet in a slot.
    """

    def __init__(self) -> None:
        self._slots = memoryview(mmap.mmap(-1, 4 * SLOTS)).cast("i")  # pages that nobody touched take no memory

    def times(self, message_id: str) -> int:
        """Return how often the stream was seen to hold *message_id*, up to OFTEN; 0 when we know nothing of it."""
        mark = hash(message_id)
        word = self._slots[mark & _SLOT]
        return 0 if (word ^ mark >> _WHICH_AT) & _WHICH else word & _TIMES

    def keep(self, message_id: str, times: int) -> None:
        """Remember that the stream holds *message_id*, or may, and that this was so *times* times, ONCE to OFTEN."""
        mark = hash(message_id)
        self._slots[mark & _SLOT] = mark >> _WHICH_AT & _WHICH | times
