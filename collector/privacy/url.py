"""An address reduced to what a report needs: host, path, and the campaign; everything else in it is dropped."""

import re

from msgspec import Struct

from collector.privacy.campaign import NO_TAGS, Tags, read_tags
from collector.privacy.path import reduce_path
from collector.privacy.redact import redact
from collector.privacy.text import printable
from contracts.names import canonical_host

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# Browsers take a backslash for a slash, and as many slashes behind the scheme as somebody wrote.
_WEB = re.compile(r"(?:https?:[/\\]*|[/\\]{2})", re.IGNORECASE)
_AUTHORITY_END = re.compile(r"[/?#\\]")


class Reduced(Struct, frozen=True, kw_only=True):
    """What is left of an address; the host is empty when it had none."""

    hostname: str = ""
    path: str = "/"
    tags: Tags = NO_TAGS


# Apps that route by fragment; any other fragment is a place on the page, or a secret of a sign-in.
_HASH_ROUTES = ("/", "!")


def reduce_url(url: str) -> Reduced:
    """Return host, redacted path and campaign of *url*, a path or an http address; any other scheme is treated as empty."""
    url = printable(url).strip()
    address, _, fragment = url.partition("#")
    place, _, query = address.partition("?")
    route = fragment if fragment.startswith(_HASH_ROUTES) else ""
    if "=" in fragment:
        query = f"{query}&{_query_of(fragment)}"
    known = None if route else _AS_IT_CAME.get(place)
    if known is not None:
        return Reduced(hostname=known[0], path=known[1], tags=read_tags(query) if query else NO_TAGS)
    if _is_no_web_address(place):
        return Reduced()
    host, path = split_host(place)
    reduced = Reduced(hostname=host, path=reduce_path(path, _page_of(route)), tags=read_tags(query) if query else NO_TAGS)
    if not route:
        _remember(place, reduced)
    return reduced


def url_of_path(path: str) -> str:
    """Return *path* as an address without a host: one that begins with two slashes is still a path (URL standard, 4.5)."""
    return f"/.{path}" if path[:2] in _LIKE_A_HOST else path


_LIKE_A_HOST = frozenset({"//", "/\\", "\\/", "\\\\"})

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


def _query_of(fragment: str) -> str:
    """Return what stands behind the route's question mark; links that keep a campaign from servers have nothing else."""
    route, found, query = fragment.partition("?")
    return (query if found else route).partition("#")[0]


def _page_of(route: str) -> str:
    """Return *route* without its query and the place on the page that it names."""
    return route.partition("?")[0].partition("#")[0]


def split_host(url: str) -> tuple[str, str]:
    """Split *url* into its canonical host and what follows it; a path has no host, a javascript: or data: address nothing."""
    if url.startswith("/") and url[1:2] not in {"/", "\\"}:
        return "", url
    web = _WEB.match(url)
    if web is None:
        return "", "" if _SCHEME.match(url) else url
    rest = url[web.end() :]
    end = _AUTHORITY_END.search(rest)
    at = end.start() if end else len(rest)
    return canonical_host(rest[:at]), rest[at:]


def _is_no_web_address(place: str) -> bool:
    return place[:1] != "/" and _WEB.match(place) is None and _SCHEME.match(place) is not None
