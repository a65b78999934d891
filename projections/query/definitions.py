"""The published definitions: what every number means, in words, with a version that moves when the meaning does."""

from msgspec import Struct

from projections.query.ledger.numbers import LEDGER_NUMBERS
from projections.query.metrics import FURTHER, METRICS, OF_PAGE, Metric, Unit


class Definition(Struct, frozen=True, kw_only=True):
    """The meaning of one number; ``version`` rises when the same facts would give another answer."""

    name: str
    title: str
    unit: str
    version: int
    text: str


def _defined(metric: Metric) -> Definition:
    return Definition(name=metric.name, title=metric.title, unit=metric.unit, version=metric.version, text=metric.meaning)


OF_FACTS: tuple[Definition, ...] = (
    *(_defined(metric) for metric in dict.fromkeys((*METRICS, *FURTHER, *OF_PAGE))),
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
        "it (page, event, hostname, bot, property, outbound link, download, 404 page). Only the pageviews and events of these "
        "visits count; with a filter by page, hostname or bot only those that have the value themselves, and with a filter by "
        "event or by what an event has only the events with that value. A value is, contains, starts with, ends with or "
        "matches what was asked for; capital letters are told from small ones.",
    ),
    Definition(
        name="property",
        title="Property",
        unit="text",
        version=1,
        text="What a custom event has under a key; numbers, true and false as they are written in JSON. An event without the "
        "key has no value, and a link, a file and a missing page are properties, too, of the events that tell of them.",
    ),
    Definition(
        name="revenue",
        title="Revenue",
        unit="exact decimal, by currency",
        version=1,
        text="The sum of the amounts of the custom events that happened in the period, each currency by itself; nothing is "
        "converted. Beside the value of a visit's dimension it is that of the events within such visits. A mean is the sum "
        "divided by the events with an amount, or by the visitors, rounded to four places, half to even.",
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
        name="conversions",
        title="Conversions and conversion rate",
        unit="count; percent with one decimal",
        version=1,
        text="A goal is reached by each pageview or event that is as it says, stored before it was defined or after, and lies "
        "in a visit which began in the period. Visitors who reached it count once a UTC day; the rate is of all visitors of "
        "the period. What a server reports of nobody is among the conversions and their value while there is no filter.",
    ),
    Definition(
        name="funnel",
        title="Funnels",
        unit="count",
        version=1,
        text="Visitors who took the steps one after the other, each by a fact behind the one before (by time, then by id), all "
        "within the funnel's window of the first step, on one UTC day, in the visits that began in the period. Of several "
        "beginnings the one counts that leads furthest.",
    ),
    Definition(
        name="retention",
        title="Retention",
        unit="percent with one decimal",
        version=1,
        text="Of the subjects that were first seen in a week from Monday, those who did something in it and in each week "
        "after. Only who is named is found again; anonymous visitors are known for one UTC day.",
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
# The numbers that say what became of everything, beside those that facts are counted to.
OF_THE_LEDGER: tuple[Definition, ...] = tuple(
    Definition(name=one.name, title=one.title, unit=Unit.COUNT, version=one.version, text=one.meaning) for one in LEDGER_NUMBERS
)
DEFINITIONS = (*OF_FACTS, *OF_THE_LEDGER)


def definitions_table() -> str:
    """Return the definitions as the table that projections/README.md shows."""
    rows = [f"| {one.title} | {one.unit} | {one.version} | {one.text} |\n" for one in DEFINITIONS]
    return "| number | unit | v | definition |\n|---|---|---|---|\n" + "".join(rows)
