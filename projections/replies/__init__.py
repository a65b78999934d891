"""The read endpoints of the systems whose clients are served here, one file or folder each, named as in collector/dialects."""

from typing import Final

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from projections.replies.bilan import handlers as bilan

# Each system whole behind its own prefix, and at the root what collides with nothing.
REPLIES: Final[tuple[Router | HTTPRouteHandler, ...]] = (
    Router(path="/bilan", route_handlers=[*bilan.MOUNTED]),
    *bilan.AT_ROOT,
)
