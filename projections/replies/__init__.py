"""The systems that are read as they were, one file each, under the names of collector/dialects; SYSTEMS is their only list."""

from typing import Final

from projections.replies import change66
from projections.replies.answering import System

SYSTEMS: Final[tuple[System, ...]] = (change66.SYSTEM,)
