"""Exclude: what the owner of a site leaves out, compiled to one question about a fact before it is stored."""

import re
from collections.abc import Callable, Iterable

from contracts.control.sites import Exclusions
from contracts.events import Fact, WebFact
from contracts.names import canonical_host


def compiled(exclusions: Exclusions) -> Callable[[Fact], bool] | None:
    """Return what says of a fact that *exclusions* leave it out, or None where they leave nothing out."""
    if exclusions == Exclusions():
        return None
    globs = [_glob(pattern) for pattern in exclusions.paths]
    countries, hosts = frozenset(exclusions.countries), _with_twins(exclusions.hosts)
    referrers = _with_twins(exclusions.referrers)

    def excludes(fact: Fact) -> bool:
        if not isinstance(fact, WebFact):
            return False
        return (
            any(glob(fact.page.path) for glob in globs)
            or fact.page.hostname.removeprefix("www.") in hosts
            or fact.place.country in countries
            or _host_of(fact.source.referrer).removeprefix("www.") in referrers
        )

    return excludes


def _glob(pattern: str) -> Callable[[str], bool]:
    """Return what says of a path that *pattern* fits it, by looking for each part behind the one before, and never back.

    Parts are looked for as texts: an expression costs ten times as much, and everybody waits for whoever's site it is.
    """
    start, *rest = re.split(r"\*+", pattern)
    if not rest:
        return start.__eq__
    *middle, end = rest

    def fits(path: str) -> bool:
        if not path.startswith(start):
            return False
        at = len(start)
        for part in middle:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return path.endswith(end) and len(path) - len(end) >= at

    return fits


def _with_twins(hosts: Iterable[str]) -> frozenset[str]:
    """Return *hosts* without ``www.``, as they are compared: a site and its twin are one."""
    return frozenset(host.removeprefix("www.") for host in hosts)


def _host_of(origin: str) -> str:
    return canonical_host(origin.partition("://")[2] or origin)
