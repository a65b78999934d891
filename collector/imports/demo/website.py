"""The demo's website: its pages, how long people stay on them, and where they go next."""

from collections.abc import Mapping

from msgspec import Struct

from collector.imports.demo.origins import MOVED, NEWS
from collector.imports.demo.weighted import Weighted


class Screen(Struct, frozen=True):
    """A page: the median stay in seconds, the chance that somebody goes on from it, and where to."""

    seconds: float
    goes_on: float
    leads_to: Weighted[str]


_POSTS = ((3, NEWS), (2, "/blog/visits-explained"), (2, "/blog/events-as-facts"))
_POST = Screen(95, 0.34, Weighted((3, "/"), (3, "/blog"), (2, "/features"), (1, "/docs/install"), (1, "/pricing")))
WEBSITE: Mapping[str, Screen] = {
    "/": Screen(28, 0.58, Weighted((5, "/features"), (5, "/pricing"), (3, "/docs"), (2, "/blog"), (1, "/about"))),
    "/features": Screen(45, 0.6, Weighted((5, "/pricing"), (3, "/docs"), (1, "/"), (1, "/blog"))),
    "/pricing": Screen(40, 0.55, Weighted((5, "/signup"), (2, "/features"), (2, "/docs"), (1, "/about"))),
    "/signup": Screen(55, 0.5, Weighted((4, "/welcome"), (1, "/pricing"))),
    "/welcome": Screen(30, 0.6, Weighted((4, "/checkout"), (4, "/docs/install"))),
    "/checkout": Screen(70, 0.6, Weighted((3, "/docs/install"), (1, "/docs"))),
    "/docs": Screen(35, 0.66, Weighted((5, "/docs/install"), (4, "/docs/api"), (2, "/docs/privacy"), (1, "/pricing"))),
    "/docs/install": Screen(120, 0.42, Weighted((4, "/docs/api"), (2, "/docs"), (2, "/docs/privacy"), (1, "/pricing"))),
    "/docs/api": Screen(140, 0.36, Weighted((4, "/docs"), (2, "/docs/install"), (1, "/pricing"))),
    "/docs/privacy": Screen(75, 0.4, Weighted((3, "/docs"), (2, "/pricing"), (1, "/"))),
    MOVED: Screen(8, 0.5, Weighted((3, "/docs"), (1, "/"))),
    "/blog": Screen(25, 0.7, Weighted(*_POSTS, (1, "/"))),
    "/about": Screen(35, 0.4, Weighted((3, "/"), (1, "/pricing"))),
    **{path: _POST for _, path in _POSTS},
}
