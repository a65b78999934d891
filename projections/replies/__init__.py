"""The read endpoints of the systems whose clients are served here, one file or folder each, named as in collector/dialects."""

from projections.replies.change66 import CHANGE66
from projections.replies.change66_health import HEALTH

# Each system whole behind its own prefix, and at the root what collides with nothing.
REPLIES = (CHANGE66, HEALTH)
