"""Where the demo's visits come from: referrers and campaign tags, read by the same rules as real ones, and where each leads."""

from random import Random

from msgspec import Struct

from collector.imports.demo.weighted import Weighted
from collector.privacy.campaign import NO_TAGS, Tags
from collector.privacy.enrich.referrer import source_of_visit
from collector.privacy.enrich.sources import Sources
from contracts.events import Page, Source

NEWS = "/blog/counting-without-cookies"
# Old links lead to it still, and it is not there any more.
MOVED = "/docs/getting-started"

_HOME = Weighted((7, "/"), (1, "/pricing"), (1, "/features"), (1, "/docs"))
_READING = Weighted(
    (5, NEWS), (4, "/blog/visits-explained"), (3, "/blog/events-as-facts"), (2, "/docs/install"), (2, "/"), (1, "/blog")
)
_LOOKING_UP = Weighted(
    (0.3, MOVED), (5, "/docs/install"), (4, "/docs/api"), (3, "/docs"), (3, "/blog/visits-explained"), (2, "/")
)
_BUYING = Weighted((5, "/pricing"), (3, "/"), (2, "/features"))


class Origin(Struct, frozen=True):
    """One way to come: who links here, how the link is tagged, and the pages it leads to."""

    entries: Weighted[str]
    referrer: str = ""
    tags: Tags = NO_TAGS


_NEWSLETTER = Tags(utm_source="newsletter", utm_medium="email", utm_campaign="monthly-letter", utm_content="top-link")
_SEARCH_AD = Tags(
    utm_source="google", utm_medium="cpc", utm_campaign="autumn-launch", utm_term="web analytics", utm_content="headline-a"
)
_SOCIAL_AD = Tags(utm_source="linkedin", utm_medium="paid-social", utm_campaign="autumn-launch", utm_content="carousel")
_BANNER = Tags(utm_source="weekly.example", utm_medium="display", utm_campaign="autumn-launch", utm_content="banner")
_PARTNER = Tags(utm_source="partner.example", utm_medium="affiliate", utm_campaign="partners")

_FROM_NEWS = Origin(Weighted((1, NEWS)), "https://news.ycombinator.com/item")
_ORIGINS = Weighted(
    (30, Origin(_HOME)),
    (22, Origin(_LOOKING_UP, "https://www.google.com/")),
    (5, Origin(_LOOKING_UP, "https://duckduckgo.com/")),
    (4, Origin(_LOOKING_UP, "https://www.bing.com/")),
    (1, Origin(_LOOKING_UP, "https://www.ecosia.org/")),
    (6, Origin(_LOOKING_UP, "https://chatgpt.com/")),
    (3, Origin(_LOOKING_UP, "https://www.perplexity.ai/")),
    (2, Origin(_LOOKING_UP, "https://claude.ai/")),
    (1, Origin(_LOOKING_UP, "https://gemini.google.com/")),
    (3, _FROM_NEWS),
    (3, Origin(_READING, "https://www.reddit.com/")),
    (2, Origin(_READING, "https://mastodon.social/")),
    (2, Origin(_READING, "https://www.linkedin.com/")),
    (1, Origin(_READING, "https://www.youtube.com/")),
    (4, Origin(_LOOKING_UP, "https://github.com/")),
    (3, Origin(_READING, "https://blog.example/")),
    (2, Origin(_HOME, "https://awesome-list.example/")),
    (4, Origin(_READING, tags=_NEWSLETTER)),
    (4, Origin(_BUYING, "https://www.google.com/", _SEARCH_AD)),
    (2, Origin(_BUYING, "https://www.linkedin.com/", _SOCIAL_AD)),
    (1, Origin(_BUYING, "https://weekly.example/", _BANNER)),
    (1, Origin(_BUYING, "https://partner.example/", _PARTNER)),
)
_NEWS_SHARE = 0.35


def pick_origin(random: Random, *, is_in_the_news: bool) -> Origin:
    """Return where a visit comes from; on a day in the news, a third of them from there."""
    if is_in_the_news and random.random() < _NEWS_SHARE:
        return _FROM_NEWS
    return _ORIGINS.pick(random)


def source_of(origin: Origin, page: Page, sources: Sources) -> Source:
    """Return *origin* as a real visit to *page* would record it."""
    return source_of_visit(origin.referrer, origin.tags, page=page, site=page.hostname, sources=sources).source
