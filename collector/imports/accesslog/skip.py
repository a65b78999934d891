"""Why a line of a log becomes no event: a closed list, each with the words of the summary."""

from enum import StrEnum


class SkipReason(StrEnum):
    """Why a line was left out; the value completes the sentence "skipped: 1,234 ..."."""

    ASSET = "images, styles, scripts and other parts of pages"
    FEED = "feeds"
    FOR_ROBOTS = "files for robots (robots.txt, sitemaps)"
    METHOD = "not GET"
    STATUS = "not answered with content (redirects, errors)"
    SITE = "of a site that is not listed, or without a site's name"
    EXCLUDED = "left out by what the site excludes"
    TIME = "from the future, or before there was a web"
    MALFORMED = "not in the common or combined log format"


class Skipped(Exception):
    """The line becomes no event, on purpose or because it cannot be read."""

    def __init__(self, reason: SkipReason) -> None:
        super().__init__(reason.name)
        self.reason = reason
