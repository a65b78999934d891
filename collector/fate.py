"""Fate: what became of one event that was sent and never confirmed, told afterwards by whoever asks the stream."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias


class Landing(StrEnum):
    """Whether an event that was answered as unavailable is in the stream all the same."""

    UNKNOWN = "unknown"
    LANDED = "landed"
    NOT_LANDED = "not_landed"


Hear: TypeAlias = Callable[[Landing], None]


class Fate:
    """Hands what became of one event from whoever finds out to whoever counted it, once, in whichever order they come.

    The publisher makes one for what it has sent, and gives it to the Unavailable that it answers with; later it calls
    ``landed`` or ``not_landed``, or neither when nobody can know. The walk calls ``tell``.
    """

    __slots__ = ("_hear", "landing")

    def __init__(self) -> None:
        self.landing = Landing.UNKNOWN
        self._hear: Hear | None = None

    def landed(self) -> None:
        """Say that the stream has it: only its confirmation was lost."""
        self._become(Landing.LANDED)

    def not_landed(self) -> None:
        """Say that the stream does not have it, and never will."""
        self._become(Landing.NOT_LANDED)

    def tell(self, hear: Hear) -> None:
        """Have *hear* called with what becomes known, at once where it is."""
        if self.landing is Landing.UNKNOWN:
            self._hear = hear
            return
        hear(self.landing)

    def _become(self, landing: Landing) -> None:
        if self.landing is not Landing.UNKNOWN:
            return  # whoever asks twice has asked once
        self.landing = landing
        hear, self._hear = self._hear, None
        if hear is not None:
            hear(landing)
