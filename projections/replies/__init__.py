"""The systems that are read as they were, one file or folder each, named as in collector/dialects."""

from typing import Final

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from projections.replies.answering import System

# Each system whole behind its own prefix, and at the root what collides with nothing.
SYSTEMS: Final[tuple[System, ...]] = ()
# Handlers that a system brings itself, with its prefix and its words; ``questioned`` lends them their question.
REPLIES: Final[tuple[Router | HTTPRouteHandler, ...]] = ()
