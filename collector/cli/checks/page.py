"""Whether a page carries the snippet, for a site that is collected for, and lets a browser load it and send what it says."""

import asyncio
import contextlib
import re
import urllib.request
import zlib
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from collector import __version__
from collector.cli.checks.csp import CONNECT, SCRIPT, Policy, read_policies
from collector.cli.checks.finding import Finding, bad, good, odd
from collector.cli.named_site import sites_at_hand
from collector.settings import Settings
from collector.sites import Sites
from contracts.names import canonical_site, readable_site
from contracts.snippet import snippet

_SUBJECT: Final = "Page"
_POLICY: Final = "Content-Security-Policy"
_FALLBACK: Final = "default-src"
_SECONDS: Final = 10
_SCRIPT: Final = re.compile(r"/js/c(\.[0-9a-f]{16})?\.js(?:[?#]|$)")
_MOST_BYTES: Final = 4 * 1024 * 1024
_AGENT: Final = f"collector-doctor/{__version__}"
_NAMES: Final = "collector sites list"
_ERROR: Final = 400


class Fetched(Struct, frozen=True, kw_only=True):
    """What was at an address, after all redirections."""

    url: str
    status: int
    media: str
    policies: tuple[str, ...]
    text: str


class Tag(Struct, frozen=True, kw_only=True):
    """The snippet in a page: where it loads from and sends to, for which site, and what a policy may know it by."""

    script: str
    api: str
    site: str
    nonce: str
    integrity: str


async def examine_page(settings: Settings, address: str) -> list[Finding]:
    """Fetch the page at *address*, and the snippet that it names, and look at both."""
    page = await asyncio.to_thread(_fetch, address if "://" in address else f"https://{address}")
    if page is None or page.status >= _ERROR:
        told = "cannot be reached" if page is None else f"answers {page.status}"
        return [bad(_SUBJECT, told, "Is the address right, with https:// before it, and does this machine reach it?")]
    tags, meta = _read(page)
    if not tags:
        pasted = snippet(canonical_site(urlsplit(page.url).netloc) or "shop.example", settings.http.public_url)
        return [bad(_SUBJECT, "does not carry the snippet in its HTML", _PASTE.format(pasted))]
    tag, sites = tags[0], await sites_at_hand(settings)
    script = await asyncio.to_thread(_fetch, tag.script)
    found = [*_site(tag, page, sites), *_addresses(tag, page, settings), *_served(script)]
    found += _policies(tag, page, (*page.policies, *meta))
    if len(tags) > 1:
        found.append(odd(_SUBJECT, f"carries the snippet {len(tags)} times", "Only the first counts: leave one."))
    return found


_PASTE: Final = "Paste into its <head>: {} What a script adds to the page later is not seen here."


def _site(tag: Tag, page: Fetched, sites: Sites) -> Iterator[Finding]:
    host = canonical_site(urlsplit(page.url).netloc) or ""
    name = canonical_site(tag.site) if tag.site else host
    if not name:
        yield bad(_SUBJECT, "names a site that cannot be one", "Write the site's name into data-site, such as shop.example.")
        return
    site = sites.find(name)
    if site is None or not site.is_open:
        yield bad(
            _SUBJECT,
            f"is counted for {readable_site(name)}, which nothing is collected for",
            f"Mend data-site, or add the site; `{_NAMES}` shows those that there are.",
        )
        return
    yield good(_SUBJECT, f"carries the snippet, for {readable_site(name)}")
    if site.rules is not None and site.rules.origins:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url)).lower()
        if origin not in site.rules.origins:
            yield bad(
                _SUBJECT, "is of an origin that the site does not allow", "Add its origin to the site, or take the tag out."
            )


def _addresses(tag: Tag, page: Fetched, settings: Settings) -> Iterator[Finding]:
    if page.url.startswith("https:") and tag.script.startswith("http:"):
        yield bad(_SUBJECT, "is https and loads the snippet by http, which browsers block", "Serve the collector by https.")
    ours = urlsplit(settings.http.public_url).netloc
    if urlsplit(tag.script).netloc not in (ours, urlsplit(page.url).netloc):
        yield odd(
            _SUBJECT,
            "loads the snippet from elsewhere than COLLECTOR_PUBLIC_URL",
            "If that is another collector, the numbers are there.",
        )


def _served(script: Fetched | None) -> Iterator[Finding]:
    if script is None or script.status >= _ERROR:
        told = "cannot be reached" if script is None else f"answers {script.status}"
        yield bad("Snippet", told, "Mend src in the tag: it is the collector's address, as visitors reach it, and /js/c.js.")
    elif "javascript" not in script.media:
        yield bad(
            "Snippet",
            "is no script where the tag says",
            "Something else answers there: a proxy, or a page for what is missing.",
        )
    else:
        yield good("Snippet", "is where the tag says")


def _policies(tag: Tag, page: Fetched, texts: Sequence[str]) -> list[Finding]:
    policies = read_policies(texts)
    of_script = [
        (policy, policy.forbids(SCRIPT, tag.script, page.url, nonce=tag.nonce, integrity=tag.integrity)) for policy in policies
    ]
    of_sending = [(policy, policy.forbids(CONNECT, tag.api, page.url)) for policy in policies]
    found = [_blocked("load the snippet", name, tag.script, policy) for policy, name in of_script if name]
    found += [_blocked("send what the snippet says", name, tag.api) for _, name in of_sending if name]
    if found:
        return found
    return [good(_POLICY, "the page's own lets the snippet load and send" if policies else "the page has none")]


def _blocked(what: str, name: str, address: str, policy: Policy | None = None) -> Finding:
    text = f"the page's own does not let it {what}"
    if policy is not None and policy.is_strict():
        return bad(_POLICY, text, f"Give the tag the page's nonce: under 'strict-dynamic' no host counts in its {name}.")
    where = name if name != _FALLBACK else f"{_FALLBACK}, or give it a {'script-src' if policy else 'connect-src'} with it"
    return bad(_POLICY, text, f"Add {_origin(address)} to its {where}.")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


class _Reader(HTMLParser):
    """Gathers the scripts of a page, and the policies in its HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[dict[str, str]] = []
        self.policies: list[str] = []
        self.base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what concerns us."""
        said = {name: value or "" for name, value in reversed(attrs)}
        if tag == "script" and said.get("src"):
            self.scripts.append(said)
        elif tag == "meta" and said.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(said.get("content", ""))
        elif tag == "base" and not self.base:
            self.base = said.get("href", "")


def _read(page: Fetched) -> tuple[list[Tag], tuple[str, ...]]:
    reader = _Reader()
    with contextlib.suppress(AssertionError):  # what the parser says of a declaration that is none
        reader.feed(page.text)
    base = _joined(page.url, reader.base)
    ours = [said for said in reader.scripts if "data-site" in said or _SCRIPT.search(said["src"])]
    return [_tag(said, base, page.url) for said in ours], tuple(reader.policies)


def _joined(base: str, address: str) -> str:
    """Return *address* as it is meant at *base*, or "" where it is none."""
    try:
        joined = urljoin(base, address.strip())
        _ = urlsplit(joined).port
    except ValueError:
        return ""
    return joined


def _tag(said: dict[str, str], base: str, page: str) -> Tag:
    script = _joined(base, said["src"])
    api = _joined(page, said["data-api"]) if said.get("data-api") else _joined(script, "../api/event")
    return Tag(
        script=script,
        api=api,
        site=said.get("data-site", said.get("data-domain", "")),
        nonce=said.get("nonce", ""),
        integrity=said.get("integrity", ""),
    )


def _fetch(address: str) -> Fetched | None:
    """Return what is at *address*, or None when that cannot be found out."""
    if not address.startswith(("http://", "https://")):
        return None
    try:
        request = urllib.request.Request(address, headers={"User-Agent": _AGENT, "Accept": "*/*"})  # noqa: S310  # looked at
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310  # the same
            body = _unpacked(answer.read(_MOST_BYTES))
            said = answer.headers
            return Fetched(
                url=answer.url,
                status=answer.status,
                media=said.get_content_type(),
                policies=tuple(said.get_all("Content-Security-Policy") or ()),
                text=_decoded(body, said.get_content_charset() or "utf-8"),
            )
    except HTTPError as error:
        with error:
            return Fetched(url=address, status=error.code, media="", policies=(), text="")
    except (OSError, ValueError, HTTPException):
        return None


def _unpacked(body: bytes) -> bytes:
    # Some compress without being asked.
    if not body.startswith(b"\x1f\x8b"):
        return body
    with contextlib.suppress(zlib.error):
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, _MOST_BYTES)
    return b""


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, errors="replace")
    except LookupError:  # no charset of that name
        return body.decode("utf-8", errors="replace")
