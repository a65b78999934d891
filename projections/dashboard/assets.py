"""The files that pages load: their names carry a hash of what is in them, so a browser may keep them for ever."""

import hashlib
from functools import cache
from importlib.resources import files

from msgspec import Struct

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Asset(Struct, frozen=True, kw_only=True):
    """One file: the name it is served under, its type and its content."""

    name: str
    media_type: str
    content: bytes


@cache
def assets() -> dict[str, Asset]:
    """Return every file, by its own name."""
    folder = files("projections.dashboard") / "static"
    return {file.name: _asset(file.name, file.read_bytes()) for file in folder.iterdir() if file.is_file()}


@cache
def served() -> dict[str, Asset]:
    """Return every file, by the name it is served under."""
    return {asset.name: asset for asset in assets().values()}


def path_of(name: str) -> str:
    """Return the path under which the file *name* is served."""
    return f"/assets/{assets()[name].name}"


@cache
def fingerprint() -> str:
    """Return a mark of all files together: a page of another version differs in it."""
    return hashlib.sha256("".join(sorted(served())).encode()).hexdigest()[:8]


def _asset(name: str, content: bytes) -> Asset:
    stem, _, ending = name.rpartition(".")
    mark = hashlib.sha256(content).hexdigest()[:10]
    return Asset(name=f"{stem}.{mark}.{ending}", media_type=_TYPES[ending], content=content)
