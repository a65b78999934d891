"""Below: the path under which the world reaches the collector, behind a proxy; only what leaves the house knows of it."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

# Under which a request says below which path it came in.
_BELOW: Final = "collector.below"
# An attribute that leads somewhere. What strangers sent has no such quotes: templates write them as entities.
_LEADS: Final = re.compile(r'(\s(?:href|src|action)=")(?=/(?!/))')


def path_of(public_url: str) -> str:
    """Return the path of *public_url* as links write it, without a slash at its end; "" where there is none."""
    pieces = [quote(unquote(piece), safe="") for piece in urlsplit(public_url).path.split("/") if piece]
    # Two slashes at the beginning would lead to another host.
    return "".join(f"/{piece}" for piece in pieces)


def entered_below(scope: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return *scope* saying that the world sees the house below *path*."""
    return {**scope, _BELOW: path}


def below_of(scope: Mapping[str, Any]) -> str:
    """Return the path below which the world sees the house, "" where it sees it at its root."""
    return str(scope.get(_BELOW, ""))


def seen_below(path: str, html: str) -> str:
    """Return *html*, whose links are those of the house, as it is seen below *path*."""
    return _LEADS.sub(rf"\g<1>{path}", html) if path else html
