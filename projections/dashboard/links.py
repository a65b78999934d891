"""Where a page leads: its state, and the addresses of the same page with one thing changed."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import quote, urlencode

from msgspec import Struct
from msgspec.structs import replace

from projections.query.dimensions import Dimension
from projections.query.metrics import Metric
from projections.query.parameters import QUESTION_PARAMETERS, Who
from projections.query.periods import Days, Period
from projections.query.question import MAX_FILTERS, MAX_VALUE, Filter, WebQuestion

# The server takes heads of 32 KiB; cookies and what a browser says of itself stand beside the address.
_LONGEST_ADDRESS = 24 * 1024
# However its letters are escaped, as many filters of this length as there may be fit.
_SHORT = 200
_SAFE = ":/"
_DEFAULTS = {parameter.name: parameter.default for parameter in QUESTION_PARAMETERS}


class PageState(Struct, frozen=True, kw_only=True):
    """Everything that a page shows, as its address says it; ``show`` names the dimensions whose tabs were opened.

    ``home`` is the site's own time zone, which the address leaves out.
    """

    site: str
    period: Period
    days: Days
    timezone: str
    who: Who
    metric: Metric
    filters: tuple[Filter, ...]
    show: tuple[str, ...]
    home: str = _DEFAULTS["timezone"]

    def href(self, *, below: str = "") -> str:
        """Return the address, leaving out what is the default; *below* is a dimension's own page."""
        query = self._query()
        path = f"/sites/{quote(self.site)}" + (f"/{quote(below, safe=_SAFE)}" if below else "")
        return path + (f"?{query}" if query else "")

    def api(self, answer: str) -> str:
        """Return the address of the API's *answer* to the same question."""
        query = replace(self, show=(), home=_DEFAULTS["timezone"]).href().partition("?")[2]
        return f"/api/stats/{quote(self.site)}/{quote(answer, safe=_SAFE)}" + (f"?{query}" if query else "")

    def during(self, period: Period) -> "PageState":
        """Return the same page in the named *period*."""
        return replace(self, period=period)

    def between(self, first: date, last: date) -> "PageState":
        """Return the same page from the day *first* to the day *last*."""
        return replace(self, period=Period.CUSTOM, days=Days(first, last))

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
        is_too_long = len(value) > _SHORT and len(narrower.href()) > _LONGEST_ADDRESS
        return None if is_too_long else narrower

    def widened(self, dropped: Filter) -> "PageState":
        """Return the same page without the filter *dropped*."""
        return replace(self, filters=tuple(one for one in self.filters if one != dropped))

    def unfiltered(self) -> "PageState":
        """Return the same page without any filter."""
        return replace(self, filters=())

    def fields(self) -> list[tuple[str, str]]:
        """Return the parameters that differ from the defaults, but for the period's: what a form must carry along."""
        plain: Mapping[str, str] = {"timezone": self.timezone, "who": self.who, "metric": self.metric.name}
        usual = _DEFAULTS | {"timezone": self.home}
        changed = [(name, value) for name, value in plain.items() if value != usual[name]]
        return [*changed, *(("filter", str(one)) for one in self.filters), *(("show", name) for name in self.show)]

    def period_fields(self) -> list[tuple[str, str]]:
        """Return the parameters of the period, none where it is the default."""
        if self.period is Period.CUSTOM:
            return [("period", self.period), ("from", self.days.first.isoformat()), ("to", self.days.last.isoformat())]
        return [("period", self.period)] if self.period != _DEFAULTS["period"] else []

    def _query(self) -> str:
        return urlencode([*self.period_fields(), *self.fields()], safe=":/", quote_via=quote)


def state_of(question: WebQuestion, show: tuple[str, ...], *, home: str) -> PageState:
    """Return the state of the page where *question* is answered, about a site whose own time zone is *home*."""
    return PageState(
        site=question.site,
        period=question.period,
        days=question.days,
        timezone=question.timezone,
        who=question.who,
        metric=question.metric,
        filters=question.filters,
        show=show,
        home=home,
    )
