"""Nothing: what a page says where a period shows nothing, and the way on."""

from datetime import timedelta

from msgspec import Struct

from projections.dashboard.links import PageState
from projections.dashboard.words import days_in_words
from projections.query.asked import MAX_DAYS
from projections.query.parameters import Who
from projections.query.periods import Days
from projections.query.web.emptiness import Emptiness, Why


class Nothing(Struct, frozen=True, kw_only=True):
    """Why there is nothing, in words, and the title and address of the way on, "" where there is none."""

    words: str
    title: str = ""
    href: str = ""


def nothing_of(emptiness: Emptiness, state: PageState, *, below: str = "") -> Nothing:
    """Return what the page in this *state*, or that of the dimension *below* it, says of its *emptiness*."""
    match emptiness.why:
        case Why.FILTERS:
            words = "Nothing in this period because of your filter." if len(state.filters) == 1 else _OF_FILTERS
            return Nothing(words=words, title="Show it without", href=state.unfiltered().href(below=below))
        case Why.ROBOTS:
            href = state.unfiltered().about(Who.BOT).href(below=below)
            return Nothing(words="Only robots came in this period.", title="Show the robots", href=href)
        case Why.PEOPLE:
            href = state.unfiltered().about(Who.HUMAN).href(below=below)
            return Nothing(words="Only people came in this period, and no robots.", title="Show the people", href=href)
    if emptiness.days is None:
        return Nothing(words="Nothing happened in this period.")
    days = _as_many_as_can_be_asked(emptiness.days)
    words = f"Nothing happened in this period. There are visits from {days_in_words(emptiness.days)}."
    return Nothing(words=words, title="Show those days", href=state.between(days.first, days.last).href(below=below))


_OF_FILTERS = "Nothing in this period because of your filters."


def _as_many_as_can_be_asked(days: Days) -> Days:
    return Days(max(days.first, days.last - timedelta(days=MAX_DAYS - 1)), days.last)
