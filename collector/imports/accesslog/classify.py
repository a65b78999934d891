"""What a logged request was: a page that somebody saw, a file, a link that leads to nothing, or nothing to count."""

from enum import Enum
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from collector.downloads import DOWNLOAD_TYPES, PLAYED_TYPES
from collector.imports.accesslog.request import Request
from collector.imports.accesslog.skip import Skipped, SkipReason

_ASSETS = frozenset(
    {"css", "less", "map", "js", "mjs", "cjs", "wasm", "json", "jsonld", "webmanifest", "xml", "xsl", "xslt", "swf"}
    | {"png", "apng", "jpg", "jpeg", "gif", "svg", "svgz", "webp", "avif", "ico", "cur", "bmp", "tif", "tiff"}
    | {"woff", "woff2", "ttf", "otf", "eot", "oga", "ogv", "flv", "m4s", "m3u8", "ts", "mpd", "vtt", "srt"}
)
_FEEDS = frozenset({"rss", "rss2", "rss20", "rss10", "rss091", "rss092", "atom", "atom10", "rdf", "feed"})
_FEED_FILES = frozenset(
    {"feed.xml", "index.xml", "feed.json", "rss.php", "atom.php", "index.rdf"} | {f"{name}.xml" for name in _FEEDS}
)
# Parameters that choose a page's form; a campaign's utm_medium may be "feed" and yet lead to a page.
_FORMS = frozenset({"flav", "flavor", "flavour", "feed", "format", "type", "alt", "output", "view"})
_FOR_ROBOTS = frozenset({"robots.txt", "ads.txt", "app-ads.txt", "humans.txt", "security.txt", "llms.txt"})
_LEAST_CONTENT = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT, HTTPStatus.PARTIAL_CONTENT})


class Logged(Enum):
    """What a logged request was, where it is something to count."""

    PAGE = "page"
    DOWNLOAD = "download"
    MISSING = "missing"


def classify(request: Request) -> Logged:
    """Return what *request* was, or raise Skipped with the reason."""
    if request.method != "GET":
        raise Skipped(SkipReason.METHOD)
    path, _, query = request.target.partition("?")
    name = path.rpartition("/")[2].lower()
    extension = name.rpartition(".")[2] if "." in name else ""
    if _is_for_robots(path, name):
        raise Skipped(SkipReason.FOR_ROBOTS)
    if _is_feed(path, name, extension, query):
        raise Skipped(SkipReason.FEED)
    if extension in _ASSETS or (extension in PLAYED_TYPES and request.status != HTTPStatus.OK):
        raise Skipped(SkipReason.ASSET)
    if _is_broken_link(request, path):
        return Logged.MISSING
    if not _has_content(request.status):
        raise Skipped(SkipReason.STATUS)
    return Logged.DOWNLOAD if extension in DOWNLOAD_TYPES else Logged.PAGE


def _has_content(status: int) -> bool:
    """Say whether somebody saw something; a part of a file (206) follows a first answer that is counted."""
    return (HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES and status not in _LEAST_CONTENT) or (
        status == HTTPStatus.NOT_MODIFIED
    )


def _is_broken_link(request: Request, path: str) -> bool:
    """Say whether somebody followed a link to what is not there.

    Only who comes from another page did: whoever looks for holes asks for thousands of addresses that no page leads to, and
    names none, or the very address, as the page before.
    """
    is_missing = request.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
    return is_missing and bool(request.referrer) and _path_of(request.referrer) != path


def _path_of(referrer: str) -> str:
    try:
        return urlsplit(referrer).path
    except ValueError:
        return ""


def _is_for_robots(path: str, name: str) -> bool:
    is_sitemap = name.startswith("sitemap") and name.endswith((".xml", ".xml.gz", ".txt"))
    return is_sitemap or name in _FOR_ROBOTS or path.startswith("/.well-known/")


def _is_feed(path: str, name: str, extension: str, query: str) -> bool:
    folder = path.rstrip("/").rpartition("/")[2].lower()
    if folder in _FEEDS or extension in _FEEDS or name in _FEED_FILES:
        return True
    return bool(query) and any(
        key in _FEEDS or (key in _FORMS and value in _FEEDS) for key, value in parse_qsl(query.lower(), keep_blank_values=True)
    )
