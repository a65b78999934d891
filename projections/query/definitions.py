"""The published definitions: what every number means, in words, with a version that moves when the meaning does."""

from msgspec import Struct

from projections.query.metrics import EVENTS_BY_NAME, METRICS, Metric


class Definition(Struct, frozen=True, kw_only=True):
    """The meaning of one number; ``version`` rises when the same facts would give another answer."""

    name: str
    title: str
    unit: str
    version: int
    text: str


def _defined(metric: Metric) -> Definition:
    return Definition(name=metric.name, title=metric.title, unit=metric.unit, version=metric.version, text=metric.meaning)


DEFINITIONS: tuple[Definition, ...] = (
    *(_defined(metric) for metric in (*METRICS, EVENTS_BY_NAME)),
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
        text="Against as many days just before, unless the same days of the year before, the same weekdays 52 weeks before or "
        "days of one's own choice are asked for; while a period is still running, the others are cut at the same part of them. "
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
        "or bot only those that have the value themselves, and with a filter by event only the events of that name. A value "
        "is, contains, starts with, ends with or matches what was asked for; capital letters are told from small ones.",
    ),
    Definition(
        name="who",
        title="Humans and bots",
        unit="rule",
        version=1,
        text="Facts from robots are kept, with a verdict and the version of its rules, and left out of every number unless "
        "asked for.",
    ),
    Definition(
        name="turns",
        title="Turns",
        unit="count",
        version=1,
        text="Turns of a conversation with an AI that ended in the period, with an answer or without; of one that ended twice "
        "the later end counts. Its latency is that of its answer, as the caller measured it.",
    ),
    Definition(
        name="approval",
        title="Approval",
        unit="percent with one decimal",
        version=1,
        text="Votes for a turn, of all votes with a value on the turns that ended in the period, whenever they were cast. Its "
        "bounds are the Wilson score interval at 95 %: of 100 such samples, 95 have the true share within theirs.",
    ),
    Definition(
        name="voted_share",
        title="Voted on",
        unit="percent with one decimal",
        version=1,
        text="Of the turns that ended in the period, those on which anybody voted. Where it is low, an approval speaks of few.",
    ),
)


def definitions_table() -> str:
    """Return the definitions as the table that projections/README.md shows."""
    rows = [f"| {one.title} | {one.unit} | {one.version} | {one.text} |\n" for one in DEFINITIONS]
    return "| number | unit | v | definition |\n|---|---|---|---|\n" + "".join(rows)
