"""The read endpoints of the systems whose clients are served here, one file or folder each, named as in collector/dialects."""

from litestar import Router

from projections.replies.bilan import handlers as bilan

# Each system whole behind its own prefix, and at the root what collides with nothing.
REPLIES = (
    Router(path="/bilan", route_handlers=[*bilan.MOUNTED]),
    *bilan.AT_ROOT,
)
