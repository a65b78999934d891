"""The published definitions: what every number means, in words, with a version that moves when the meaning does."""

from msgspec import Struct


class Definition(Struct, frozen=True, kw_only=True):
    """The meaning of one number; ``version`` rises when the same facts would give another answer."""

    name: str
    title: str
    unit: str
    version: int
    text: str


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name="visitors",
        title="Visitors",
        unit="count",
        version=1,
        text="Distinct visitors among the visits that began in the period. A visitor is known for one UTC day, because the key "
        "that makes the id is destroyed at midnight UTC; over several days the number is the sum of the days, and somebody "
        "who comes on three days counts three times.",
    ),
    Definition(
        name="visits",
        title="Visits",
        unit="count",
        version=1,
        text="A visitor's facts with no gap over 30 minutes between them, cut at midnight UTC. A visit belongs to the moment "
        "it began, and counts when it has at least one pageview or custom event.",
    ),
    Definition(
        name="pageviews",
        title="Pageviews",
        unit="count",
        version=1,
        text="Pages that were seen in the period; a change of address inside a single-page app is one.",
    ),
    Definition(
        name="views_per_visit",
        title="Views per visit",
        unit="number with two decimals",
        version=1,
        text="Pageviews of the visits that began in the period, divided by those visits. Empty when there are none.",
    ),
    Definition(
        name="bounce_rate",
        title="Bounce rate",
        unit="percent with one decimal",
        version=1,
        text="Of the visits that began in the period, those with exactly one pageview and no interactive custom event. "
        "Its change is in percentage points.",
    ),
    Definition(
        name="visit_duration",
        title="Visit duration",
        unit="whole seconds",
        version=1,
        text="The mean over the visits that began in the period of: last minus first pageview or event, plus the time that the "
        "last page was in view and in focus.",
    ),
    Definition(
        name="events",
        title="Events",
        unit="count",
        version=1,
        text="Custom events that happened in the period, by name.",
    ),
    Definition(
        name="entry_page",
        title="Entry and exit page",
        unit="text",
        version=1,
        text="The first and the last page that was seen in the visit.",
    ),
    Definition(
        name="source",
        title="Source and channel",
        unit="text",
        version=1,
        text="Of the visit's first event: utm_source, else the name of the referrer, else Direct. The channel follows the "
        "GA4 default groups that need no cookie, and names AI assistants apart.",
    ),
    Definition(
        name="share",
        title="Share",
        unit="percent with one decimal",
        version=1,
        text="Visitors with the value, of all visitors in the answer. A visitor can have several values, so shares may sum "
        "to over 100.",
    ),
    Definition(
        name="change",
        title="Change",
        unit="percent with one decimal",
        version=1,
        text="Against as many days just before; while a period is still running, those are cut at the same time of the day. "
        "Empty when there is nothing to compare with.",
    ),
    Definition(
        name="now",
        title="Visitors now",
        unit="count",
        version=1,
        text="Distinct visitors with any fact in the last five minutes.",
    ),
    Definition(
        name="filter",
        title="Filters",
        unit="rule",
        version=1,
        text="A filter chooses visits: those with the value (source, country, entry page and the like) or those that contain "
        "it (page, event, hostname, bot). Only the pageviews and events of these visits count; with a filter by page, hostname "
        "or bot only those that have the value themselves, and with a filter by event only the events of that name.",
    ),
    Definition(
        name="who",
        title="Humans and bots",
        unit="rule",
        version=1,
        text="Facts from robots are kept, with a verdict and the version of its rules, and left out of every number unless "
        "asked for.",
    ),
)

TEXT_OF: dict[str, str] = {definition.name: definition.text for definition in DEFINITIONS}
