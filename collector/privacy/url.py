"""An address reduced to what a report needs: host, path, and the campaign's tags; everything else in it is dropped."""

import re
import unicodedata
from urllib.parse import unquote_plus

from msgspec import Struct

from collector.privacy.redact import LONGEST, clean, redact
from collector.privacy.text import cut, printable
from contracts.names import canonical_host

PATH_BYTES = 1024
TAG_BYTES = 200
_MOST_PARAMETERS = 100

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY_END = re.compile(r"[/?#\\]")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
# Decoded, these would end a segment or the path, begin an escape, or be invisible.
_STRUCTURAL = frozenset("/?#%\\ ")


class Tags(Struct, frozen=True, kw_only=True):
    """The query values that survive, redacted and cut to 200 bytes each; their names are the ones in the query."""

    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""


class Reduced(Struct, frozen=True, kw_only=True):
    """What is left of an address; the host is empty when it had none."""

    hostname: str = ""
    path: str = "/"
    tags: Tags = Tags()


NO_TAGS = Tags()
# Apps that route by fragment; any other fragment is a place on the page, or a secret of a sign-in.
_HASH_ROUTES = ("/", "!")
_ALLOWED = frozenset(Tags.__struct_fields__)
# Older links say it in these words, in this order, where utm_source is missing.
_SOURCE_WORDS = ("ref", "source")


def reduce_url(url: str) -> Reduced:
    """Return host, redacted path and tags of *url*, a path or an http address; any other scheme is treated as empty."""
    url = printable(url).strip()
    address, _, fragment = url.partition("#")
    place, _, query = address.partition("?")
    is_route = fragment.startswith(_HASH_ROUTES)
    known = None if is_route else _AS_IT_CAME.get(place)
    if known is not None:
        return Reduced(hostname=known[0], path=known[1], tags=_read_tags(query) if query else NO_TAGS)
    reduced = _reduce(url)
    if not is_route:
        _remember(place, reduced)
    return reduced


# Places that may be stored as they come, so that nothing is remembered which could not stand in a fact.
_AS_IT_CAME: dict[str, tuple[str, str]] = {}
_MOST_PLACES = 4096


def _remember(place: str, reduced: Reduced) -> None:
    host, path = reduced.hostname, reduced.path
    if place not in {path, f"https://{host}{path}"} or redact(host) != host:
        return
    if len(_AS_IT_CAME) >= _MOST_PLACES:
        _AS_IT_CAME.clear()
    _AS_IT_CAME[place] = host, path


def _reduce(url: str) -> Reduced:
    host, rest = split_host(url)
    address, _, fragment = rest.partition("#")
    path, _, query = address.partition("?")
    if fragment.startswith(_HASH_ROUTES):
        path = f"{path}#{fragment.partition('?')[0]}"
    return Reduced(hostname=host, path=_reduce_path(path), tags=_read_tags(query) if query else NO_TAGS)


def split_host(url: str) -> tuple[str, str]:
    """Split *url* into its canonical host and what follows it; a path has no host, a javascript: or data: address nothing."""
    if url.startswith("/") and not url.startswith("//"):
        return "", url
    scheme, found, rest = url.partition("//")
    if found and scheme.lower() in {"", "http:", "https:"}:
        end = _AUTHORITY_END.search(rest)
        at = end.start() if end else len(rest)
        return canonical_host(rest[:at]), rest[at:]
    return "", "" if _SCHEME.match(url) else url


def _reduce_path(path: str) -> str:
    path = path[:LONGEST].replace(" ", "%20")
    if "%" in path:
        path = _ESCAPES.sub(_decode, path)
    if not path.isascii():
        path = unicodedata.normalize("NFC", path)
    if not path.startswith("/"):
        path = f"/{path}"
    return cut(redact(path), PATH_BYTES)


def _decode(escapes: re.Match[str]) -> str:
    """Decode what is readable UTF-8 and write all else as upper-case escapes, so that one path has one spelling."""
    text = bytes.fromhex(escapes[0].replace("%", "")).decode("utf-8", "surrogateescape")
    return "".join(
        character if character.isprintable() and character not in _STRUCTURAL else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))


def _read_tags(query: str) -> Tags:
    found: dict[str, str] = {}
    for parameter in query.split("&", _MOST_PARAMETERS)[:_MOST_PARAMETERS]:
        key, _, value = parameter.partition("=")
        key = key.lower()
        if value and (key in _ALLOWED or key in _SOURCE_WORDS):
            found.setdefault(key, value)
    if not found:
        return NO_TAGS
    sources = [found.pop(word) for word in _SOURCE_WORDS if word in found]
    if sources:
        found.setdefault("utm_source", sources[0])
    return Tags(**{key: clean(unquote_plus(value[:LONGEST]), TAG_BYTES).strip() for key, value in found.items()})
