"""The systems that are read as they were, one file each, under the names of collector/dialects; SYSTEMS is their only list."""

from typing import Final

from projections.replies import minigem
from projections.replies.answering import System
from projections.replies.nodash import NODASH

SYSTEMS: Final[tuple[System, ...]] = (NODASH, minigem.SYSTEM)
