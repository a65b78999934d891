"""Goals and funnels: what a site's owner wants people to reach, each decided by itself; they hold for all that is stored."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from msgspec import Meta, Struct, structs

from contracts.control.envelope import ControlEvent, Label, SiteName, TenantName
from contracts.control.sites import PathPattern, PropertyName
from contracts.events.envelope import Code, Money

GOAL_KIND: Final = "goal"
FUNNEL_KIND: Final = "funnel"

# Names a goal or a funnel of a site in addresses and filters, and never changes.
ShortName: TypeAlias = Annotated[str, Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Called: TypeAlias = Annotated[str, Meta(pattern="^[^\\x00-\\x1f\\x7f]{1,100}$")]
EventName: TypeAlias = Annotated[str, Meta(pattern="^[^\\x00-\\x1f\\x7f]{1,500}$")]
PropertyValue: TypeAlias = Annotated[str, Meta(pattern="^[^\\x00-\\x1f\\x7f]{0,500}$")]
# Longer than anybody is known for; what a command takes is less.
Window: TypeAlias = Annotated[int, Meta(ge=1, le=366 * 86_400)]


class PropertyTest(Code):
    """How the value of a property is compared: as text, or, where it is a number, with a number."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    OTHER = "other"


# How people write each test, between the name of a property and its value; a longer sign before one that it ends with.
SIGNS: Final[Mapping[PropertyTest, str]] = {
    PropertyTest.IS_NOT: "!=",
    PropertyTest.AT_LEAST: ">=",
    PropertyTest.AT_MOST: "<=",
    PropertyTest.CONTAINS: "~",
    PropertyTest.IS: "=",
}


class PropertyCondition(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event has the property ``name``, and its value passes ``test`` with ``value``; without the property it passes none."""

    name: PropertyName
    value: PropertyValue
    test: PropertyTest = PropertyTest.IS


class Condition(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact is a pageview whose path fits ``page``, in which ``*`` stands for anything, or an ``event`` of that name.

    One of the two is named. Only events have properties, of which all of ``props`` have to hold.
    """

    page: PathPattern | None = None
    event: EventName | None = None
    props: tuple[PropertyCondition, ...] = ()


class FunnelStep(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of a funnel; without a ``label`` it is called by what it asks for."""

    condition: Condition
    label: Label = ""


class GoalDefined(ControlEvent, frozen=True, tag="goal_defined.v1"):
    """The goal ``goal`` of a site is reached with each fact that ``condition`` says, those that are stored already included.

    It is worth ``amount`` each time, or the event's own revenue where ``counts_revenue``, or nothing.
    """

    tenant: TenantName
    site: SiteName
    goal: ShortName
    name: Called
    condition: Condition
    amount: Money | None = None
    counts_revenue: bool = False


class GoalWithdrawn(ControlEvent, frozen=True, tag="goal_withdrawn.v1"):
    """The goal is asked for no more, until it is defined again."""


class FunnelDefined(ControlEvent, frozen=True, tag="funnel_defined.v1"):
    """The funnel ``funnel`` of a site has these ``steps``, one after the other within ``window_seconds`` of the first."""

    tenant: TenantName
    site: SiteName
    funnel: ShortName
    name: Called
    steps: Annotated[tuple[FunnelStep, ...], Meta(min_length=2, max_length=50)]
    window_seconds: Window


class FunnelWithdrawn(ControlEvent, frozen=True, tag="funnel_withdrawn.v1"):
    """The funnel is asked for no more, until it is defined again."""


GOAL_EVENTS = (GoalDefined, GoalWithdrawn)
FUNNEL_EVENTS = (FunnelDefined, FunnelWithdrawn)


class Goal(Struct, frozen=True, kw_only=True):
    """A goal as its events leave it; ``version`` rises with each of them."""

    id: str
    version: int
    tenant: TenantName
    site: SiteName
    goal: ShortName
    name: Called
    condition: Condition
    amount: Money | None = None
    counts_revenue: bool = False
    is_withdrawn: bool = False


class Funnel(Struct, frozen=True, kw_only=True):
    """A funnel as its events leave it."""

    id: str
    version: int
    tenant: TenantName
    site: SiteName
    funnel: ShortName
    name: Called
    steps: tuple[FunnelStep, ...]
    window_seconds: int
    is_withdrawn: bool = False


def goals_of(tenant: str, site: str) -> str:
    """Return what the ids of all goals of a site begin with; no name of a site has two dots in a row."""
    return f"{GOAL_KIND}:{tenant}:{site}.."


def funnels_of(tenant: str, site: str) -> str:
    """Return what the ids of all funnels of a site begin with."""
    return f"{FUNNEL_KIND}:{tenant}:{site}.."


def goal_id(tenant: str, site: str, goal: str) -> str:
    """Return the id of the goal *goal* of a site."""
    return f"{goals_of(tenant, site)}{goal}"


def funnel_id(tenant: str, site: str, funnel: str) -> str:
    """Return the id of the funnel *funnel* of a site."""
    return f"{funnels_of(tenant, site)}{funnel}"


def fold_goal(goal: Goal | None, event: ControlEvent) -> Goal | None:
    """Return what *goal* is after *event*; None while there is none."""
    match event:
        case GoalDefined():
            return Goal(**_defined(event))
        case GoalWithdrawn() if goal is not None:
            return structs.replace(goal, version=event.originator_version, is_withdrawn=True)
    return None if goal is None else structs.replace(goal, version=event.originator_version)


def fold_funnel(funnel: Funnel | None, event: ControlEvent) -> Funnel | None:
    """Return what *funnel* is after *event*; None while there is none."""
    match event:
        case FunnelDefined():
            return Funnel(**_defined(event))
        case FunnelWithdrawn() if funnel is not None:
            return structs.replace(funnel, version=event.originator_version, is_withdrawn=True)
    return None if funnel is None else structs.replace(funnel, version=event.originator_version)


def _defined(event: GoalDefined | FunnelDefined) -> dict[str, Any]:
    said = structs.asdict(event)
    del said["at"], said["by"]
    return {"id": said.pop("originator_id"), "version": said.pop("originator_version"), **said}
