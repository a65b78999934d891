"""Where a visit came from: the referrer cut to its origin, given a name and a channel, and told apart from spam."""

import re

from msgspec import Struct

from collector.privacy.campaign import NO_TAGS, Tags
from collector.privacy.enrich.channel import channel_of, is_ad_clicked
from collector.privacy.enrich.sources import Known, Sources
from collector.privacy.redact import LONGEST, redact
from collector.privacy.text import printable
from collector.privacy.url import split_host
from contracts.events import Page, Source
from contracts.names import canonical_host, same_site

DIRECT = Source()
_APPS = ("android-app://", "ios-app://")
_BARE_HOST = re.compile(r"[^\s/:@]+\.[^\W\d_]{2,}(?=/|$)")


class Referrer(Struct, frozen=True):
    """A referrer as it is read, never as it is kept: its path is for the look-up alone."""

    scheme: str = ""
    host: str = ""
    path: str = ""

    @property
    def origin(self) -> str:
        """Return scheme and host, redacted: a host can be an address or a token."""
        return f"{self.scheme}{redact(self.host)}" if self.host else ""


NO_REFERRER = Referrer()


class Referral(Struct, frozen=True):
    """Where a visit came from, and whether the place is known for sending nobody."""

    source: Source
    is_spam: bool


_NOWHERE = Referral(DIRECT, is_spam=False)


def source_of_visit(referrer: str, tags: Tags, *, page: Page, site: str, sources: Sources) -> Referral:
    """Return the source of a visit; a referrer on the page's own site is no source."""
    if tags is NO_TAGS and (not referrer or referrer.startswith((f"https://{page.hostname}/", f"http://{page.hostname}/"))):
        return _NOWHERE
    known = _AS_IT_CAME.get(referrer) if tags is NO_TAGS else None
    if known is not None and not (same_site(known[0], page.hostname) or same_site(known[0], site)):
        return known[1]
    read = read_referrer(referrer)
    if same_site(read.host, page.hostname) or same_site(read.host, site):
        read = NO_REFERRER
        if tags is NO_TAGS:
            return _NOWHERE
    found = Referral(_source(read, tags, sources), is_spam=sources.is_spam(read.host))
    if tags is NO_TAGS:
        _remember(referrer, read, found)
    return found


# What browsers send of most links: origins of places that the lists name, so that nothing is remembered but what they hold.
_AS_IT_CAME: dict[str, tuple[str, Referral]] = {}
_MOST_REFERRERS = 1024


def _remember(referrer: str, read: Referrer, found: Referral) -> None:
    is_named = found.source.name not in {read.host, read.host.removeprefix("www.")} and "[" not in found.source.referrer
    if is_named and referrer == f"{found.source.referrer}/" and len(_AS_IT_CAME) < _MOST_REFERRERS:
        _AS_IT_CAME[referrer] = read.host, found


def read_referrer(text: str) -> Referrer:
    """Return scheme, host and path of *text*: a web address, an app's, or a bare host; nothing else is one."""
    text = printable(text[:LONGEST]).strip()
    scheme, found, rest = text.partition("//")
    if found and (app := f"{scheme.lower()}//") in _APPS:
        package, _, path = rest.partition("/")
        return Referrer(app, canonical_host(package), path)
    host, path = split_host(text)
    if host:
        return Referrer("https://" if text[:6].lower() == "https:" else "http://", host, path)
    bare = _BARE_HOST.match(path)
    return Referrer("", canonical_host(bare[0]), path[bare.end() :]) if bare else NO_REFERRER


def _source(read: Referrer, tags: Tags, sources: Sources) -> Source:
    place = _place(read, sources) if read.host else None
    clicked = sources.named(tags.ad.network) if tags.ad and is_ad_clicked(tags) else None
    meant = sources.named(tags.utm_source) if tags.utm_source else clicked or place
    # A campaign's own word that no list knows says nothing of the kind, and neither does the referrer then: its channel would
    # be another's than its name.
    kind = meant or clicked
    name = meant.name if meant else tags.utm_source or redact(read.host.removeprefix("www.")) or DIRECT.name
    return Source(
        name=name,
        channel=channel_of(tags, kind.kind if kind else None, referred=bool(read.host)),
        referrer=read.origin,
        utm_source=tags.utm_source,
        utm_medium=tags.utm_medium,
        utm_campaign=tags.utm_campaign,
        utm_term=tags.utm_term,
        utm_content=tags.utm_content,
    )


def _place(read: Referrer, sources: Sources) -> Known | None:
    return sources.find_app(read.host) if read.scheme in _APPS else sources.find(read.host, read.path)
