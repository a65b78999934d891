"""The systems that are read as they were, one file or folder each, named as in collector/dialects."""

from typing import Final

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from projections.replies import change66, change66_health
from projections.replies.answering import System
from projections.replies.bilan.system import BILAN, HEALTH
from projections.replies.minigem import MINIGEM
from projections.replies.nodash import NODASH

# Each system whole behind its own prefix, and at the root what collides with nothing.
SYSTEMS: Final[tuple[System, ...]] = (BILAN, NODASH, MINIGEM, change66.SYSTEM)
# Handlers that a system brings itself, with its prefix and its words; ``questioned`` lends them their question.
REPLIES: Final[tuple[Router | HTTPRouteHandler, ...]] = (*HEALTH, change66_health.HEALTH)
