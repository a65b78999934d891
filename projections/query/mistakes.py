"""Mistakes in how a site is set up, as its signs show them: what is so, how often, and what to do; said once, for everybody."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from projections.query.signs import SiteSigns

# Fewer are somebody trying things out, or one visitor's own proxy.
_FEW: Final = 3
_FEW_ADDRESSES: Final = 4
_A_HOUSEHOLDS: Final = 5
_TO_SEND: Final = 2
# Pages on the machine of whoever writes them: the snippet sends nothing from there.
_OWN_MACHINE: Final = frozenset({"localhost"})


class Mistake(StrEnum):
    """What is wrong, as the head of a sentence; which sites it is about, and how often, follows."""

    UNNAMED_PROXY = "hits come through a proxy that is not named, and count as if they were the proxy's"
    FEW_ADDRESSES = "many browsers behind few addresses, as behind a proxy that names nobody"
    NOTHING_SENT = "pages load the snippet and nothing comes of them"
    CLOCKS = "impossible times, counted at their receipt instead"
    ROBOTS_ONLY = "only robots so far"


WHAT_TO_DO: Final[Mapping[Mistake, str]] = {
    Mistake.UNNAMED_PROXY: (
        "Name each proxy in front, the outermost too, in COLLECTOR_TRUSTED_PROXIES, by address or network, and start again. "
        "Never name everybody: who is believed can claim any address."
    ),
    Mistake.FEW_ADDRESSES: (
        "If a proxy stands in front, have it send X-Forwarded-For, and name it in COLLECTOR_TRUSTED_PROXIES. "
        "If they all are in one network, such as an office, there is nothing to do."
    ),
    Mistake.NOTHING_SENT: (
        "Run `collector doctor --page` with the page's address: its Content-Security-Policy may lack connect-src for this "
        "collector. Browsers that ask not to be counted, or that a test drives, send nothing either."
    ),
    Mistake.CLOCKS: (
        "Set the senders' clocks, or have them send sentAt beside timestamp, and the difference is taken out. "
        "If all seem wrong alike, set this machine's clock."
    ),
    Mistake.ROBOTS_ONLY: (
        "Open a page in a browser of your own: a monitor, a script and a browser that a test drives are robots. "
        "They are kept, and shown under Bots."
    ),
}


class Seen(Struct, frozen=True, kw_only=True):
    """A mistake at one site, and how often it was seen."""

    mistake: Mistake
    site: str
    times: str


def mistakes_in(signs: Iterable[SiteSigns], robots: Mapping[str, int]) -> Iterator[Seen]:
    """Yield what *signs* show, and which sites have seen *robots* alone."""
    for seen in signs:
        yield from _of_one(seen)
    for site, facts in robots.items():
        if facts:
            yield Seen(mistake=Mistake.ROBOTS_ONLY, site=site, times=f"{facts:,} {_plural(facts, 'fact')}")


def by_mistake(seen: Iterable[Seen]) -> dict[Mistake, list[Seen]]:
    """Return what was *seen* by what is wrong, the worst first."""
    found: dict[Mistake, list[Seen]] = {mistake: [] for mistake in Mistake}
    for one in seen:
        found[one.mistake].append(one)
    return {mistake: sites for mistake, sites in found.items() if sites}


def _of_one(seen: SiteSigns) -> Iterator[Seen]:
    if _is_passed_on(seen):
        yield Seen(mistake=Mistake.UNNAMED_PROXY, site=seen.site, times=_of(seen.unread, seen.pages))
    elif _is_crowded(seen):
        many = f"{seen.agents} or more from {seen.addresses}"
        yield Seen(mistake=Mistake.FEW_ADDRESSES, site=seen.site, times=many)
    if seen.loaded >= _TO_SEND and not seen.ended and seen.site not in _OWN_MACHINE:
        yield Seen(mistake=Mistake.NOTHING_SENT, site=seen.site, times=f"loaded {seen.loaded:,} times")
    if (wrong := seen.ahead + seen.behind) >= _FEW:
        sides = f"{seen.ahead:,} in the future, {seen.behind:,} long past"
        yield Seen(mistake=Mistake.CLOCKS, site=seen.site, times=f"{_of(wrong, seen.hits)}: {sides}")


def _is_passed_on(seen: SiteSigns) -> bool:
    is_near = seen.private * 2 >= seen.pages  # nobody from afar comes from a private network, so one hit is enough
    return seen.unread > 0 and seen.unread * 2 >= seen.pages and (is_near or seen.unread >= _FEW)


def _is_crowded(seen: SiteSigns) -> bool:
    if not 0 < seen.addresses <= _FEW_ADDRESSES:
        return False
    is_near = seen.private * 2 >= seen.pages
    return seen.agents >= seen.addresses * (_FEW if is_near else _A_HOUSEHOLDS)


def _of(some: int, all_: int) -> str:
    return f"{some:,} of {all_:,} {_plural(all_, 'hit')}"


def _plural(number: int, word: str) -> str:
    return word if number == 1 else f"{word}s"
