"""Decisions about targets, which are goals and funnels: defined, defined otherwise, and withdrawn; each belongs to one site."""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct, structs

from collector.control.checked import known_site, known_tenant
from collector.control.decided import Decided, conflict, invalid, not_found
from collector.control.journal import Head, Journal, Seen, Stamp
from collector.control.tenants import working_tenant
from collector.control.wanted import FunnelWanted, GoalWanted, checked_name, condition, is_short_name, short_name, window
from contracts.control import goals as contract
from contracts.control.envelope import ControlEvent
from contracts.control.goals import Funnel, FunnelDefined, FunnelWithdrawn, Goal, GoalDefined, GoalWithdrawn
from contracts.control.sites import Site, SiteState, site_id

MOST_GOALS: Final = 50
MOST_FUNNELS: Final = 20
NOTHING: Final[tuple[list[ControlEvent], tuple[Seen[Any], ...]]] = ([], ())
_LONGEST_ID: Final = 400
_FINAL: Final = frozenset({SiteState.ERASING, SiteState.ERASED})

T = TypeVar("T", bound=Goal | Funnel)
W = TypeVar("W", bound=GoalWanted | FunnelWanted)


class Sort(Struct, Generic[T, W], frozen=True, kw_only=True):
    """A sort of target: its kind, at most how many a site has, what all ids of a site's begin with, and its two events."""

    kind: str
    most: int
    all_of: Callable[[str, str], str]
    defined: Callable[[Head, str, str, str, W], GoalDefined | FunnelDefined]
    withdrawn: type[GoalWithdrawn] | type[FunnelWithdrawn]


class Targets(Generic[T, W]):
    """The commands about targets of one sort; one is named by its tenant, its site and its short name."""

    def __init__(self, journal: Journal, sort: Sort[T, W]) -> None:
        self._journal = journal
        self._sort = sort

    def add(self, tenant: str, site: str, wanted: W, *, short: str = "", by: str) -> Decided[T]:
        """Define what there is not yet, or no more; what is there exactly so is returned."""
        self._require_site(tenant, site)
        kind = self._sort.kind
        short = short_name(kind, short, wanted.name)
        id_ = f"{self._sort.all_of(tenant, site)}{short}"
        if len(id_) > _LONGEST_ID:
            raise invalid(kind, "Send a shorter short name: the names of the tenant and the site leave no room for this one.")
        seen: Seen[T] = self._journal.look(id_)
        defined = self._defined(seen, (tenant, site, short), wanted, by)
        if seen.thing is None or seen.thing.is_withdrawn:
            self._require_room(tenant, site)
        elif not _is_as(seen.thing, defined):
            raise conflict(
                f"There is a {kind} with this short name, and it is not as this one: change it, or send another name."
            )
        return self._record(seen, defined)

    def change(
        self, tenant: str, site: str, short: str, wanted: W, *, by: str, expected_version: int | None = None
    ) -> Decided[T]:
        """Define it otherwise, for all that is stored and all that comes."""
        self._require_site(tenant, site)
        seen, _ = self._known(tenant, site, short, expected_version)
        return self._record(seen, self._defined(seen, (tenant, site, short), wanted, by))

    def withdraw(self, tenant: str, site: str, short: str, *, by: str, expected_version: int | None = None) -> Decided[T]:
        """Let it be asked for no more."""
        seen, now = self._known(tenant, site, short, expected_version)
        if now.is_withdrawn:
            return seen.unchanged(now)
        return self._journal.record(seen, self._sort.withdrawn(**seen.head(self._journal.stamp(by))))

    def find(self, tenant: str, site: str, short: str) -> T:
        """Return the one that is called so, also where it is withdrawn."""
        return self._known(tenant, site, short, None)[1]

    def _known(self, tenant: str, site: str, short: str, expected_version: int | None) -> tuple[Seen[T], T]:
        id_ = f"{self._sort.all_of(known_tenant(tenant, sought='site'), known_site(site))}{short}"
        if not is_short_name(short) or len(id_) > _LONGEST_ID:
            raise not_found(self._sort.kind)
        return self._journal.known(id_, expected_version)

    def _require_site(self, tenant: str, site: str) -> None:
        working_tenant(self._journal, tenant)
        found: Site = self._journal.known(site_id(tenant, known_site(site)))[1]
        if found.state in _FINAL:
            raise conflict("The site is erased, or about to be: nothing can be decided about it any more.")

    def _require_room(self, tenant: str, site: str) -> None:
        if len(working(self._journal, self._sort, tenant, site)) >= self._sort.most:
            raise invalid("name", f"A site has at most {self._sort.most} {self._sort.kind}s. Withdraw one first.")

    def _defined(self, seen: Seen[T], which: tuple[str, str, str], wanted: W, by: str) -> GoalDefined | FunnelDefined:
        return self._sort.defined(seen.head(self._journal.stamp(by)), *which, wanted)

    def _record(self, seen: Seen[T], defined: GoalDefined | FunnelDefined) -> Decided[T]:
        if seen.thing is not None and _is_as(seen.thing, defined):
            return seen.unchanged(seen.thing)
        return self._journal.record(seen, defined)


def working(journal: Journal, sort: Sort[T, Any], tenant: str, site: str) -> list[Seen[T]]:
    """Return those of a site that are not withdrawn."""
    begins = sort.all_of(tenant, site)
    found: list[Seen[T]] = journal.things_of(sort.kind, is_wanted=lambda id_, _: id_.startswith(begins))
    return [seen for seen in found if seen.thing is not None and not seen.thing.is_withdrawn]


def withdrawn_with(journal: Journal, site: Site, stamp: Stamp) -> tuple[list[ControlEvent], tuple[Seen[Any], ...]]:
    """Return the events that withdraw whatever *site* has, and what they are about: a later one of its key has none."""
    goals = working(journal, GOALS, site.tenant, site.key)
    funnels = working(journal, FUNNELS, site.tenant, site.key)
    ended = [GoalWithdrawn(**seen.head(stamp)) for seen in goals], [FunnelWithdrawn(**seen.head(stamp)) for seen in funnels]
    return [*ended[0], *ended[1]], (*goals, *funnels)


def _is_as(thing: Goal | Funnel, defined: GoalDefined | FunnelDefined) -> bool:
    said = structs.asdict(defined)
    return not thing.is_withdrawn and all(
        getattr(thing, name) == said[name] for name in thing.__struct_fields__ if name in said
    )


def _goal_defined(head: Head, tenant: str, site: str, goal: str, wanted: GoalWanted) -> GoalDefined:
    if wanted.counts_revenue and (wanted.amount is not None or wanted.page):
        raise invalid(
            "value", "Only events have revenue, and it counts in place of an amount. Send one of the two, or neither."
        )
    return GoalDefined(
        **head,
        tenant=tenant,
        site=site,
        goal=goal,
        name=checked_name(wanted.name),
        condition=condition(page=wanted.page, event=wanted.event, props=wanted.props),
        amount=wanted.amount,
        counts_revenue=wanted.counts_revenue,
    )


def _funnel_defined(head: Head, tenant: str, site: str, funnel: str, wanted: FunnelWanted) -> FunnelDefined:
    return FunnelDefined(
        **head,
        tenant=tenant,
        site=site,
        funnel=funnel,
        name=checked_name(wanted.name),
        steps=wanted.steps,
        window_seconds=window(wanted.window_seconds),
    )


GOALS: Final[Sort[Goal, GoalWanted]] = Sort(
    kind=contract.GOAL_KIND, most=MOST_GOALS, all_of=contract.goals_of, defined=_goal_defined, withdrawn=GoalWithdrawn
)
FUNNELS: Final[Sort[Funnel, FunnelWanted]] = Sort(
    kind=contract.FUNNEL_KIND, most=MOST_FUNNELS, all_of=contract.funnels_of, defined=_funnel_defined, withdrawn=FunnelWithdrawn
)
