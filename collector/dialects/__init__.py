"""One file per wire dialect; each only reads requests into hits and words the answers. DIALECTS is the only list of them."""

from typing import Final

from collector.dialects import native, pixel
from collector.dialects.route import Route

DIALECTS: Final[tuple[Route, ...]] = (*native.ROUTES, *pixel.ROUTES)
