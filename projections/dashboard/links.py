"""Where a page leads: its state, and the addresses of the same page with one thing changed."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import quote, urlencode

from msgspec import Struct
from msgspec.structs import replace

from projections.query.dimensions import Dimension
from projections.query.parameters import QUESTION_PARAMETERS, Metric, Who
from projections.query.periods import Period
from projections.query.question import MAX_FILTERS, MAX_VALUE, Filter, Question

_DEFAULTS = {parameter.name: parameter.default for parameter in QUESTION_PARAMETERS}


class Place(Struct, frozen=True, kw_only=True):
    """Everything that a page shows, as its address says it; ``show`` names the dimensions whose tabs were opened."""

    site: str
    period: Period
    first: date
    last: date
    timezone: str
    who: Who
    metric: Metric
    filters: tuple[Filter, ...]
    show: tuple[str, ...]

    def href(self, *, below: str = "", to: str = "") -> str:
        """Return the address, leaving out what is the default; *below* is a dimension's own page, *to* a place on the page."""
        query = self._query()
        path = f"/{quote(self.site)}" + (f"/{below}" if below else "")
        return path + (f"?{query}" if query else "") + (f"#{to}" if to else "")

    def api(self, answer: str) -> str:
        """Return the address of the API's *answer* to the same question."""
        query = replace(self, show=()).href().partition("?")[2]
        return f"/api/stats/{quote(self.site)}/{answer}" + (f"?{query}" if query else "")

    def during(self, period: Period) -> "Place":
        """Return the same page in the named *period*."""
        return replace(self, period=period)

    def between(self, first: date, last: date) -> "Place":
        """Return the same page from the day *first* to the day *last*."""
        return replace(self, period=Period.CUSTOM, first=first, last=last)

    def about(self, who: Who) -> "Place":
        """Return the same page about others; bots have names and humans have none, so those filters go."""
        kept = tuple(one for one in self.filters if who is not Who.HUMAN or one.dimension.name != "bot")
        return replace(self, who=who, filters=kept)

    def measuring(self, metric: Metric) -> "Place":
        """Return the same page with *metric* in its chart."""
        return replace(self, metric=metric)

    def opening(self, dimension: Dimension, others: frozenset[str]) -> "Place":
        """Return the same page with the tab of *dimension* open instead of the panel's *others*."""
        return replace(self, show=(*(name for name in self.show if name not in others), dimension.name))

    def narrowed(self, dimension: Dimension, value: str) -> "Place | None":
        """Return the same page with one more filter, or None where an address cannot hold it."""
        added = Filter(dimension=dimension, value=value)
        if added in self.filters or len(self.filters) >= MAX_FILTERS or len(value) > MAX_VALUE:
            return None
        return replace(self, filters=(*self.filters, added))

    def widened(self, dropped: Filter) -> "Place":
        """Return the same page without the filter *dropped*."""
        return replace(self, filters=tuple(one for one in self.filters if one != dropped))

    def unfiltered(self) -> "Place":
        """Return the same page without any filter."""
        return replace(self, filters=())

    def fields(self) -> list[tuple[str, str]]:
        """Return the parameters that differ from the defaults, but for the period's: what a form must carry along."""
        plain: Mapping[str, str] = {"timezone": self.timezone, "who": self.who, "metric": self.metric}
        changed = [(name, value) for name, value in plain.items() if value != _DEFAULTS[name]]
        return [*changed, *(("filter", str(one)) for one in self.filters), *(("show", name) for name in self.show)]

    def period_fields(self) -> list[tuple[str, str]]:
        """Return the parameters of the period, none where it is the default."""
        if self.period is Period.CUSTOM:
            return [("period", self.period), ("from", self.first.isoformat()), ("to", self.last.isoformat())]
        return [("period", self.period)] if self.period != _DEFAULTS["period"] else []

    def _query(self) -> str:
        return urlencode([*self.period_fields(), *self.fields()], safe=":/", quote_via=quote)


def place_of(question: Question, show: tuple[str, ...]) -> Place:
    """Return the place where *question* is answered."""
    return Place(
        site=question.site,
        period=question.period,
        first=question.days.first,
        last=question.days.last,
        timezone=question.timezone,
        who=question.who,
        metric=question.metric,
        filters=question.filters,
        show=show,
    )
