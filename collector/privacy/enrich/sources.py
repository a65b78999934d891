"""The public names of the places people come from, and what each is: a search engine, a network, somebody's mail, an app."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from importlib import resources

import msgspec
from msgspec import Struct

from contracts.names import canonical_host


class SourceKind(StrEnum):
    """What a known place is; where lists overlap, the first kind wins: a link in a network is no search."""

    AI = "ai"
    EMAIL = "email"
    ADS = "ads"
    AFFILIATES = "affiliates"
    SOCIAL = "social"
    SEARCH = "search"
    OTHER = "other"


class Known(Struct, frozen=True):
    """A place that the lists name."""

    name: str
    kind: SourceKind


# How campaigns shorten names that the lists spell out.
_SHORT = {"adwords": "google", "fb": "facebook", "ig": "instagram", "insta": "instagram", "meta": "facebook"}
_SHORT |= {"li": "linkedin", "x": "twitter", "yt": "youtube", "hn": "hacker news", "openai": "chatgpt", "vk": "vkontakte"}
_SHORT |= {"wa": "whatsapp", "tt": "tiktok", "pin": "pinterest", "microsoft": "bing", "yahoo": "yahoo!", "googlemail": "gmail"}
# As campaigns of a network's ads are called: facebook_ads, Google Ads.
_ADS = ("ad", "ads")
_AD_WORD = re.compile(r"(?<=\w)[ _-]?ads?$")
# What may stand between a name and its country: google.co.uk, google.com.br.
_SECOND_LEVEL = frozenset({"co", "com", "edu", "it", "net", "org"})
_COUNTRY_LETTERS = 2
# What providers and companies call the host on which their people read mail, and that on which a letter's links are counted.
_WEBMAIL = re.compile(
    r"(?:(?:web|w|e|ex|light)?mail(?:er|business)?\d*|messagerie|poczta|roundcube|zimbra|horde|squirrelmail|rainloop|owa)"
    r"(?:-[a-z]+\d*)?\.[^.]+\."
    r"|deref-[\w-]+\."
)


class _Names(Struct):
    day: str
    ai: dict[str, list[str]] = {}  # msgspec copies it, and so the others
    email: dict[str, list[str]] = {}
    ads: dict[str, list[str]] = {}
    affiliates: dict[str, list[str]] = {}
    social: dict[str, list[str]] = {}
    search: dict[str, list[str]] = {}
    other: dict[str, list[str]] = {}


class _Spam(Struct):
    day: str
    hosts: frozenset[str]


class Sources:
    """The shipped lists, ready to be asked; of two that name one host, ours counts."""

    def __init__(self) -> None:
        ours = msgspec.json.decode(_read("places.json"), type=_Names)
        names = msgspec.json.decode(_read("referrers.json"), type=_Names)
        spam = msgspec.json.decode(_read("spam.json"), type=_Spam)
        self.places_day, self.day, self.spam_day = ours.day, names.day, spam.day
        self._spam = spam.hosts
        self._by_word: dict[str, Known] = {}
        # With and without subdomains, and by path; hosts may hold {}, which stands for a country.
        self._exact: dict[str, Known] = {}
        self._whole: dict[str, Known] = {}
        self._paths: dict[str, list[tuple[str, Known]]] = {}
        for table in (ours, names):
            for kind in SourceKind:
                for name, urls in getattr(table, kind).items():
                    self._add(Known(name, kind), urls)

    def _add(self, known: Known, urls: Iterable[str]) -> None:
        self._by_word.setdefault(known.name.lower(), known)
        for url in urls:
            host, _, path = url.partition("/")
            if path:
                self._paths.setdefault(host, []).append((f"/{path}", known))
                continue
            # A network is one place with all its subdomains; developers.google.com is no search.
            is_alone = known.kind is SourceKind.SEARCH or "{" in host or "." not in host
            hosts = self._exact if is_alone else self._whole
            hosts.setdefault(host, known)
            hosts.setdefault(host.removeprefix("www."), known)

    def find(self, host: str, path: str = "") -> Known | None:
        """Return what the lists know of *path* on *host*, the most particular entry first."""
        forms = tuple(_forms(host))
        for form in forms:
            for beginning, known in self._paths.get(form, ()):
                if path.startswith(beginning):
                    return known
        for parent in _parents(host):
            if (whole := self._whole.get(parent)) is not None:
                return whole
        found = next((self._exact[form] for form in forms if form in self._exact), None)
        return found or (Known(host, SourceKind.EMAIL) if _WEBMAIL.match(host) else None)

    def find_app(self, package: str) -> Known | None:
        """Return what the lists know of an app: by its package, its number in the store, or the host that it is named after."""
        return self.find(package) or self.find(".".join(reversed(package.split("."))))

    def named(self, word: str) -> Known | None:
        """Return the place that a campaign's *word* means: a name, a usual short form of one, or a host."""
        word = word.lower()
        known = self._by_word.get(_SHORT.get(word, word))
        if known is None and word.endswith(_ADS):
            bare = _AD_WORD.sub("", word)
            known = self._by_word.get(_SHORT.get(bare, bare))
        if known is not None or "." not in word:
            return known
        return self.find(canonical_host(word))

    def known(self) -> Iterable[Known]:
        """Return every place that has a name."""
        return self._by_word.values()

    def is_spam(self, host: str) -> bool:
        """Say whether *host* or a parent of it is on the list of referrers that nobody clicked on."""
        return any(parent in self._spam for parent in _parents(host))


def _read(name: str) -> bytes:
    return (resources.files("collector.privacy.enrich.data") / name).read_bytes()


def _parents(host: str) -> Iterator[str]:
    while "." in host:
        yield host
        host = host.partition(".")[2]


def _forms(host: str) -> Iterator[str]:
    """Yield *host* as the lists may spell it: itself, without www. or m., and with {} for its country."""
    yield host
    bare = host.removeprefix("www.").removeprefix("m.")
    if bare != host:
        yield bare
    first, _, rest = bare.partition(".")
    if len(first) == _COUNTRY_LETTERS:
        yield f"{{}}.{rest}"
    second, _, last = rest.partition(".")
    if len(second) == _COUNTRY_LETTERS and last:
        yield f"{first}.{{}}.{last}"
    body, _, country = bare.rpartition(".")
    if len(country) == _COUNTRY_LETTERS:
        yield f"{body}.{{}}"
        name, _, level = body.rpartition(".")
        if level in _SECOND_LEVEL:
            yield f"{name}.{{}}"
