"""Views of goals and funnels: what the administration shows of one, over HTTP and on the command line."""

from msgspec import Struct

from contracts.control.goals import SIGNS, Condition, Funnel, Goal, PropertyCondition


class GoalView(Struct, frozen=True, kw_only=True):
    """A goal; whoever decides about it may name ``version``, to be told when somebody else was first."""

    goal: str
    site: str
    tenant: str
    name: str
    page: str | None
    event: str | None
    props: tuple[PropertyCondition, ...]
    amount: str | None
    currency: str | None
    counts_revenue: bool
    is_withdrawn: bool
    version: int


class StepView(Struct, frozen=True, kw_only=True):
    """A step of a funnel."""

    label: str
    page: str | None
    event: str | None
    props: tuple[PropertyCondition, ...]


class FunnelView(Struct, frozen=True, kw_only=True):
    """A funnel."""

    funnel: str
    site: str
    tenant: str
    name: str
    steps: tuple[StepView, ...]
    window_seconds: int
    is_withdrawn: bool
    version: int


def goal_view(goal: Goal) -> GoalView:
    """Return what is shown of *goal*."""
    money = goal.amount
    return GoalView(
        goal=goal.goal,
        site=goal.site,
        tenant=goal.tenant,
        name=goal.name,
        page=goal.condition.page,
        event=goal.condition.event,
        props=goal.condition.props,
        amount=None if money is None else money.amount,
        currency=None if money is None else money.currency,
        counts_revenue=goal.counts_revenue,
        is_withdrawn=goal.is_withdrawn,
        version=goal.version,
    )


def funnel_view(funnel: Funnel) -> FunnelView:
    """Return what is shown of *funnel*."""
    return FunnelView(
        funnel=funnel.funnel,
        site=funnel.site,
        tenant=funnel.tenant,
        name=funnel.name,
        steps=tuple(
            StepView(label=step.label, page=step.condition.page, event=step.condition.event, props=step.condition.props)
            for step in funnel.steps
        ),
        window_seconds=funnel.window_seconds,
        is_withdrawn=funnel.is_withdrawn,
        version=funnel.version,
    )


class ListedGoal(Struct, frozen=True, kw_only=True):
    """A goal in a line of a terminal."""

    goal: str
    name: str
    reached_by: str
    worth: str
    version: int


class ListedFunnel(Struct, frozen=True, kw_only=True):
    """A funnel in a line of a terminal."""

    funnel: str
    name: str
    steps: str
    window_seconds: int
    version: int


def listed_goal(goal: Goal) -> ListedGoal:
    """Return *goal* as a line."""
    money = goal.amount
    worth = "its revenue" if goal.counts_revenue else "" if money is None else f"{money.amount} {money.currency}"
    return ListedGoal(goal=goal.goal, name=goal.name, reached_by=written(goal.condition), worth=worth, version=goal.version)


def listed_funnel(funnel: Funnel) -> ListedFunnel:
    """Return *funnel* as a line."""
    return ListedFunnel(
        funnel=funnel.funnel,
        name=funnel.name,
        steps=" > ".join(step.label or written(step.condition) for step in funnel.steps),
        window_seconds=funnel.window_seconds,
        version=funnel.version,
    )


def written(condition: Condition) -> str:
    """Return *condition* in the words that it can be written with."""
    props = (f"{each.name}{SIGNS.get(each.test, '?')}{each.value}" for each in condition.props)
    return " ".join((condition.page or condition.event or "", *props))
