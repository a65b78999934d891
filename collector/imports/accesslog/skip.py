"""Why a line of a log becomes no event: a closed list, each with the words of the summary and what can be done about it."""

from enum import StrEnum
from typing import Final


class SkipReason(StrEnum):
    """Why a line was left out; the value completes the sentence "skipped: 1,234 ..."."""

    ASSET = "images, styles, scripts and other parts of pages"
    FEED = "feeds"
    FOR_ROBOTS = "files for robots (robots.txt, sitemaps)"
    METHOD = "not GET"
    STATUS = "not answered with content (redirects, errors)"
    SITE = "of a site that is not listed, or without a site's name"
    ELSEWHERE = "asked for a page of another host, as who looks for an open proxy does"
    NO_CLIENT = "without an address or a name of the client where one should stand"
    SEVERAL_CLIENTS = "with several addresses, and nothing says which one is the client's"
    PROXY_ALONE = "from a trusted proxy that does not say for whom"
    EXCLUDED = "left out by what the site excludes"
    TIME = "from the future, or before there was a web"
    NO_REQUEST = "no request for a page (broken requests, TLS on a plain port, messages of the server)"
    COMMENT = "comments of the log"
    MALFORMED = "in no format that is read"


# What any file is full of that is no access log.
NO_LINE: Final = (SkipReason.MALFORMED, SkipReason.COMMENT, SkipReason.NO_REQUEST)
# What to do about lines that could be counted once it is known who asked.
REMEDIES: Final = {
    SkipReason.NO_CLIENT: (
        "Whose visit those are cannot be known, so they are nobody's. Behind a unix socket let the server log "
        "X-Forwarded-For at the end of each line, and import with --trusted-proxy loopback"
    ),
    SkipReason.SEVERAL_CLIENTS: "Name the addresses among them that are your proxies' or servers', with --trusted-proxy",
    SkipReason.PROXY_ALONE: (
        "Let the server log X-Forwarded-For at the end of each line. Where those addresses are the visitors' own, "
        "import with --trusted-proxy none"
    ),
}


class Skipped(Exception):
    """The line becomes no event, on purpose or because it cannot be read."""

    def __init__(self, reason: SkipReason) -> None:
        super().__init__(reason.name)
        self.reason = reason
