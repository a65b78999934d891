"""Where a page leads: its state, and the addresses of the same page with one thing changed."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import quote, urlencode

from msgspec import Struct
from msgspec.structs import replace

from projections.query.asked import EARLIEST
from projections.query.compared import Compare, other_days
from projections.query.dimensions import Dimension
from projections.query.filters import MAX_FILTERS, MAX_VALUE, Filter
from projections.query.metrics import Metric
from projections.query.ordering import Direction, Ordering, usual_direction
from projections.query.parameters import QUESTION_PARAMETERS, Who
from projections.query.periods import Days, Interval, Period, named_days, stepped
from projections.query.question import WebQuestion

# The server takes heads of 32 KiB; cookies and what a browser says of itself stand beside the address.
_LONGEST_ADDRESS = 24 * 1024
# However its letters are escaped, a few dozen filters of this length fit.
_SHORT = 200
_SAFE = ":/"
_FEW = 8
_DEFAULTS = {parameter.name: parameter.default for parameter in QUESTION_PARAMETERS}


class PageState(Struct, frozen=True, kw_only=True):
    """Everything that a page shows, as its address says it; ``show`` names the dimensions whose tabs were opened.

    ``home`` is the site's own time zone, which the address leaves out, ``today`` the local day, and ``other`` the days that
    these are compared with. Only the page of a dimension has an ``ordering`` and a ``search``.
    """

    site: str
    period: Period
    days: Days
    today: date
    timezone: str
    who: Who
    metric: Metric
    filters: tuple[Filter, ...]
    show: tuple[str, ...]
    home: str = _DEFAULTS["timezone"]
    interval: Interval | None = None
    compare: Compare | None = None
    against: Days | None = None
    other: Days | None = None
    ordering: Ordering = Ordering()
    search: str = ""

    def href(self, *, below: str = "") -> str:
        """Return the address, leaving out what is the default; *below* is a dimension's own page."""
        query = self._query(below)
        path = f"/sites/{quote(self.site)}" + (f"/{quote(below, safe=_SAFE)}" if below else "")
        return path + (f"?{query}" if query else "")

    def api(self, answer: str) -> str:
        """Return the address of the API's *answer* to the same question."""
        query = replace(self.at(0), show=()).href(below=answer).partition("?")[2]
        return f"/api/stats/{quote(self.site)}/{quote(answer, safe=_SAFE)}" + (f"?{query}" if query else "")

    def during(self, period: Period) -> "PageState":
        """Return the same page in the named *period*, by whatever interval fits that."""
        return replace(self, period=period, interval=None)

    def stepped(self, *, back: bool) -> "PageState | None":
        """Return the same page of the days before these or behind them, None where there are none to be shown."""
        if self.period is Period.ALL:
            return None
        days = stepped(self.days, back=back)
        if not (EARLIEST <= days.first <= self.today):
            return None
        named = (one for one in Period if one not in (Period.ALL, Period.CUSTOM) and named_days(one, self.today) == days)
        return replace(self, period=next(named, Period.CUSTOM), days=days)

    def by(self, interval: Interval) -> "PageState":
        """Return the same page with a chart in buckets of *interval*."""
        return replace(self, interval=interval)

    def compared(self, compare: Compare | None) -> "PageState":
        """Return the same page compared with something else."""
        return replace(self, compare=compare, against=None)

    def sorted_by(self, sort: str) -> "PageState":
        """Return the same page by the column *sort*, from the other end where it is sorted by that already."""
        usual, now = usual_direction(sort), self.ordering
        other = Direction.ASCENDING if usual is Direction.DESCENDING else Direction.DESCENDING
        is_turned = now.sort == sort and now.direction is usual
        return replace(self, ordering=Ordering(sort=sort, direction=other if is_turned else usual))

    def at(self, offset: int) -> "PageState":
        """Return the same page from another row on."""
        return replace(self, ordering=replace(self.ordering, offset=max(0, offset)))

    def searching(self, text: str) -> "PageState":
        """Return the same page with the values that contain *text*."""
        return replace(self.at(0), search=text)

    def between(self, first: date, last: date) -> "PageState":
        """Return the same page from the day *first* to the day *last*."""
        return replace(self, period=Period.CUSTOM, days=Days(first, last), interval=None)

    def about(self, who: Who) -> "PageState":
        """Return the same page about others; bots have names and humans have none, so those filters go."""
        kept = tuple(one for one in self.filters if who is not Who.HUMAN or one.dimension.name != "bot")
        return replace(self, who=who, filters=kept)

    def measuring(self, metric: Metric) -> "PageState":
        """Return the same page with *metric* in its chart."""
        return replace(self, metric=metric)

    def opening(self, dimension: Dimension, others: frozenset[str]) -> "PageState":
        """Return the same page with the tab of *dimension* open instead of the panel's *others*."""
        return replace(self, show=(*(name for name in self.show if name not in others), dimension.name))

    def narrowed(self, dimension: Dimension, value: str) -> "PageState | None":
        """Return the same page with one more filter, or None where an address cannot hold it."""
        added = Filter(dimension=dimension, value=value)
        if added in self.filters or len(self.filters) >= MAX_FILTERS or len(value) > MAX_VALUE:
            return None
        narrower = replace(self, filters=(*self.filters, added))
        may_be_long = len(value) > _SHORT or len(narrower.filters) > _FEW
        return None if may_be_long and len(narrower.href()) > _LONGEST_ADDRESS else narrower

    def widened(self, dropped: Filter) -> "PageState":
        """Return the same page without the filter *dropped*."""
        return replace(self, filters=tuple(one for one in self.filters if one != dropped))

    def turned(self, one: Filter) -> "PageState":
        """Return the same page with the filter *one* the other way round."""
        other = replace(one, negated=not one.negated)
        return replace(self, filters=tuple(dict.fromkeys(other if each == one else each for each in self.filters)))

    def unfiltered(self) -> "PageState":
        """Return the same page without any filter."""
        return replace(self, filters=())

    def fields(self, *, below: str = "") -> list[tuple[str, str]]:
        """Return the parameters that differ from the defaults, but for the period's: what a form must carry along."""
        plain: Mapping[str, str] = {
            "timezone": self.timezone,
            "who": self.who,
            "metric": self.metric.name,
            "interval": self.interval or "",
            "compare": self.compare or "",
            "compare_from": self.against.first.isoformat() if self.against else "",
            "compare_to": self.against.last.isoformat() if self.against else "",
            **(self._list_fields() if below else {}),
        }
        usual = _DEFAULTS | {"timezone": self.home}
        changed = [(name, value) for name, value in plain.items() if value != usual[name]]
        return [*changed, *(("filter", str(one)) for one in self.filters), *(("show", name) for name in self.show)]

    def _list_fields(self) -> Mapping[str, str]:
        now = self.ordering
        return {
            "sort": now.sort,
            "order": "" if now.direction is usual_direction(now.sort) else now.direction,
            "offset": str(now.offset),
            "search": self.search,
        }

    def period_fields(self) -> list[tuple[str, str]]:
        """Return the parameters of the period, none where it is the default."""
        if self.period is Period.CUSTOM:
            return [("period", self.period), ("from", self.days.first.isoformat()), ("to", self.days.last.isoformat())]
        return [("period", self.period)] if self.period != _DEFAULTS["period"] else []

    def _query(self, below: str) -> str:
        return urlencode([*self.period_fields(), *self.fields(below=below)], safe=":/", quote_via=quote)


def state_of(question: WebQuestion, show: tuple[str, ...], *, home: str) -> PageState:
    """Return the state of the page where *question* is answered, about a site whose own time zone is *home*."""
    return PageState(
        site=question.site,
        period=question.period,
        days=question.days,
        today=question.today,
        timezone=question.timezone,
        who=question.who,
        metric=question.metric,
        filters=question.filters,
        show=show,
        home=home,
        interval=question.interval if question.names_interval else None,
        compare=question.compare,
        against=question.against,
        other=None if question.other is None else other_days(question.other, question.zone),
    )
