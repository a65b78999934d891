"""A path in its one spelling, without the ids of sessions: what makes one page many, or says whose visit it was, goes."""

import re
import unicodedata
from typing import Final

from collector.privacy.redact import LONGEST, redact
from collector.privacy.text import cut

PATH_BYTES: Final = 1024

_ESCAPES: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
# Decoded, these would end a segment or the path, begin an escape, or be invisible.
_STRUCTURAL: Final = frozenset("/?#%\\ ")
# What sessions are called, as a parameter of a segment (Java's ;name=value, also without a value), behind the separators of
# rewritten links, as a segment of its own, and encoded again; ";zoom=3" is part of the page.
_SESSIONS: Final = (
    r"(?:[jp]?_?session(?:[_-]?(?:id|key|token)\w{0,8})?|phpsessid|sess_?id|sid|aspsessionid[a-z]*"
    r"|cfid|cftoken|cfglobals|oscsid|zenid)"
)
_SESSION: Final = re.compile(
    rf"(?:[;,&/]|%(?:25)*3B){_SESSIONS}(?:=|%(?:25)*3D)[^/?#;,&]*|(?:;|%(?:25)*3B){_SESSIONS}(?=[/#;]|$)",
    re.IGNORECASE,
)
_SESSION_MARKS: Final = re.compile(r"[=;%]")
# ASP.NET's, which is a segment of its own: /(S(lit3py55t21z5v55vlm25s55))/, also with the letters of its other tickets.
_ASP_SESSION: Final = re.compile(r"/\((?:[A-Z]\([^()/]*\))+\)(?=[/#]|$)", re.IGNORECASE)


def reduce_path(path: str, route: str = "") -> str:
    """Return *path*, and the *route* of an app that stands behind a "#", as they may be stored, in 1,024 bytes."""
    path = _resolved(_spelled(path))
    if route:
        path = f"{path}#{_spelled(route)}"
    path = _without_session(path)
    return cut(redact(path if path.startswith("/") else f"/{path}"), PATH_BYTES)


def _spelled(path: str) -> str:
    path = path[:LONGEST].replace(" ", "%20").replace("\\", "/")
    if "%" in path:
        path = _ESCAPES.sub(_decode, path)
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def _resolved(path: str) -> str:
    """Take the steps "." and ".." as a browser does before it asks for the page; empty segments stay."""
    path = path if path.startswith("/") else f"/{path}"
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path[1:].split("/")
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _without_session(path: str) -> str:
    if _SESSION_MARKS.search(path) is not None:
        path = _SESSION.sub("", path)
    return _ASP_SESSION.sub("", path) if "/(" in path else path


def _decode(escapes: re.Match[str]) -> str:
    """Decode what is readable UTF-8 and write all else as upper-case escapes, so that one path has one spelling."""
    text = bytes.fromhex(escapes[0].replace("%", "")).decode("utf-8", "surrogateescape")
    return "".join(
        character if character.isprintable() and character not in _STRUCTURAL else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
