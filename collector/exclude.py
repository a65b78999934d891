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
    paths = _any_of(exclusions.paths)
    countries, hosts = frozenset(exclusions.countries), _with_twins(exclusions.hosts)
    referrers = _with_twins(exclusions.referrers)

    def excludes(fact: Fact) -> bool:
        if not isinstance(fact, WebFact):
            return False
        return (
            (paths is not None and paths.fullmatch(fact.page.path) is not None)
            or fact.page.hostname.removeprefix("www.") in hosts
            or fact.place.country in countries
            or _host_of(fact.source.referrer).removeprefix("www.") in referrers
        )

    return excludes


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    globs = [_glob(pattern) for pattern in patterns]
    return re.compile("|".join(globs), re.DOTALL) if globs else None


def _glob(pattern: str) -> str:
    """Return *pattern* as an expression that never looks back: stars in a row must not cost whoever sends next."""
    start, *rest = map(re.escape, re.split(r"\*+", pattern))
    if not rest:
        return start
    *middle, end = rest
    return start + "".join(f"(?>.*?{part})" for part in middle) + f".*{end}"


def _with_twins(hosts: Iterable[str]) -> frozenset[str]:
    """Return *hosts* without ``www.``, as they are compared: a site and its twin are one."""
    return frozenset(host.removeprefix("www.") for host in hosts)


def _host_of(origin: str) -> str:
    return canonical_host(origin.partition("://")[2] or origin)
