"""Query: what a body asks, every name resolved; whoever has one need not look at what was sent again."""

from datetime import date, datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from projections.query.asked import site_named
from projections.query.caller import Caller
from projections.query.dimensions import Dimension
from projections.query.periods import Period
from projections.query.problems import Refused, bad_parameter, not_found
from projections.query.question import WebQuestion, parse_question
from projections.query.sums import VIEWS, VIEWS_KEPT, VISITORS, Of, Sum, visitors_with
from projections.query.tree import All, has_alternatives, keeps_single_views_of
from projections.query.v1.body import Body
from projections.query.v1.dates import ALL, RANGE, Time, buckets, compared, read_range, width_for
from projections.query.v1.filters import read_filters
from projections.query.v1.names import Cut, Measure, Width, cut_named, measure_named
from projections.read_models.hits import Kind

Named = TypeVar("Named")

ASCENDING: Final = "asc"
DESCENDING: Final = "desc"


class Order(Struct, frozen=True, kw_only=True):
    """By which of the query's metrics or dimensions rows stand, the greatest first or last."""

    of: Measure | Cut
    is_descending: bool

    @property
    def name(self) -> str:
        """Return what a query calls it by."""
        return self.of.name if isinstance(self.of, Measure) else str(self.of)


class Query(Struct, frozen=True, kw_only=True):
    """A query about ``question``'s site; of its time the ``time`` counts, and of its filters the ``tree``.

    ``named`` are the dimensions as they were called; ``compared`` is the other time, where rows are compared with one.
    """

    body: Body
    question: WebQuestion
    time: Time
    compared: Time | None
    tree: All
    measures: tuple[Measure, ...]
    cuts: tuple[Cut, ...]
    order: tuple[Order, ...]

    @property
    def dimensions(self) -> list[Dimension]:
        """Return what rows are cut by besides time."""
        return [cut for cut in self.cuts if isinstance(cut, Dimension)]

    @property
    def of_hits(self) -> list[Dimension]:
        """Return those that each hit has its own of."""
        return [one for one in self.dimensions if one.of is Of.HIT]

    @property
    def joins_as_wholes(self) -> bool:
        """Say whether visits and facts are joined as wholes: alternatives are looked up one by one, which loops do best."""
        return bool(self.tree.nodes or self.dimensions) and not has_alternatives(self.tree)

    @property
    def width(self) -> Width | None:
        """Return how wide the buckets of time are, None without any."""
        return next((cut for cut in self.cuts if isinstance(cut, Width)), None)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Return which hits have a value of every dimension of hits."""
        if any(one.kind is Kind.EVENT for one in self.of_hits):
            return (Kind.EVENT,)
        return tuple(kind for kind in Kind if all(kind in one.kinds for one in self.of_hits))

    @property
    def sums(self) -> list[Sum]:
        """Return everything that has to be added up, in the order of the metrics, each once."""
        return list(
            {one.name: one for one in (self.sum_of(one) for each in self.measures for one in each.metric.sums)}.values()
        )

    def sum_of(self, one: Sum) -> Sum:
        """Return what stands for *one* in this query: of hits where hits have what rows are cut by, or filtered by."""
        if one == VISITORS and self.of_hits:
            return visitors_with(*self.kinds)
        if one == VIEWS and self._keeps_single_views:
            return VIEWS_KEPT
        return one

    @property
    def _keeps_single_views(self) -> bool:
        if any(one.kind is Kind.EVENT for one in self.of_hits):
            return False
        return bool(self.of_hits) or keeps_single_views_of(self.tree)


def read_query(body: Body, *, caller: Caller, site: str, zone: str, now: datetime, first: date | None = None) -> Query:
    """Return the query in *body* about *site*, or raise Refused, which names what is wrong by its path.

    *zone* is that of the site's days; *first* is the day of its first fact, with which ``all`` begins.
    """
    asked = _asked(body, caller, site, now)
    asked = asked if asked.names_zone else replace(asked, timezone=zone)
    time = read_range(body.date_range, RANGE, zone=ZoneInfo(asked.timezone), now=now, first=first)
    measures = _each_once(
        tuple(measure_named(name, f"metrics[{number}]") for number, name in enumerate(body.metrics)), "metrics"
    )
    named = tuple(cut_named(name, f"dimensions[{number}]") for number, name in enumerate(body.dimensions))
    cuts = _each_once(tuple(width_for(time) if cut is Width.AUTO else cut for cut in named), "dimensions")
    wanted = body.include.comparisons
    query = Query(
        body=body,
        question=replace(asked, days=time.days),
        time=time,
        compared=None if wanted is None else compared(time, wanted, now),
        tree=read_filters(body.filters),
        measures=measures,
        cuts=cuts,
        order=_order(body, measures, cuts),
    )
    _require_together(query)
    return query


def _asked(body: Body, caller: Caller, site: str, now: datetime) -> WebQuestion:
    values = {"who": [str(body.who)]}
    if body.timezone:
        values["timezone"] = [body.timezone]
    # Where its days begin, the site knows, and with which of them.
    if body.date_range == ALL:
        values["period"] = [Period.ALL]
    return parse_question(values, caller=caller, sites=(site,), now=now)


def site_of(body: Body) -> str:
    """Return the canonical name of the site that *body* is about, or raise Refused."""
    try:
        return site_named(body.site_id)
    except Refused as refusal:
        raise not_found(refusal.problem.detail, title="There is no such site") from None


def _each_once(named: tuple[Named, ...], field: str) -> tuple[Named, ...]:
    for number, one in enumerate(named):
        if one in named[:number]:
            raise bad_parameter(f"{field}[{number}]", "It is given more than once. Send it once.")
    return named


def _order(body: Body, measures: tuple[Measure, ...], cuts: tuple[Cut, ...]) -> tuple[Order, ...]:
    by_name: dict[str, Measure | Cut] = dict(zip(body.dimensions, cuts, strict=True)) | {one.name: one for one in measures}
    if not body.order_by:
        times = [Order(of=cut, is_descending=False) for cut in cuts if isinstance(cut, Width)]
        return (*times, Order(of=measures[0], is_descending=True))
    found = []
    for number, (name, direction) in enumerate(body.order_by):
        field = f"order_by[{number}]"
        if name not in by_name:
            raise bad_parameter(f"{field}[0]", "Name a metric or a dimension of the query.")
        if direction not in (ASCENDING, DESCENDING):
            raise bad_parameter(f"{field}[1]", f"Send {ASCENDING} or {DESCENDING}.")
        found.append(Order(of=by_name[name], is_descending=direction == DESCENDING))
    return tuple(found)


def _require_together(query: Query) -> None:
    if len([cut for cut in query.cuts if isinstance(cut, Width)]) > 1:
        raise bad_parameter("dimensions", "There is more than one bucket of time. Name one.")
    if not query.kinds:
        raise bad_parameter("dimensions", "No single fact has all of these dimensions. Ask for them one by one.")
    if query.body.include.time_labels and query.width is None:
        raise bad_parameter("include.time_labels", "Only a query with a dimension of time has such labels. Add time:day.")
    for number, measure in enumerate(query.measures):
        _require_value(query, measure, f"metrics[{number}]")
    if query.width is not None:
        buckets(query.time, query.width, f"dimensions[{query.cuts.index(query.width)}]")
        if query.compared is not None:
            buckets(query.compared, query.width, "include.comparisons")


def _require_value(query: Query, measure: Measure, field: str) -> None:
    if measure.is_share and not query.dimensions:
        raise bad_parameter(field, "A percentage is of each value of a dimension. Add a dimension that is no time.")
    of_events = [one for one in query.of_hits if one.kind is Kind.EVENT]
    # An event of some name was seen on a page, but no pageview has an event's name.
    if of_events and any(one.of is Of.HIT and one.kinds != (Kind.EVENT,) for one in map(query.sum_of, measure.metric.sums)):
        raise bad_parameter(field, f"No such number can be told apart by {of_events[0].name}. Ask for it without.")
