"""The forms that change a goal or a funnel: its definition as people write it, where it can be written so."""

from collections.abc import Iterable

from msgspec import Struct

from contracts.control.goals import SIGNS, Funnel, FunnelStep, PropertyCondition
from contracts.control.sites import Site, SiteState
from projections.query.goals.shown import GoalHead

_PATH = "/"


class GoalFields(Struct, frozen=True, kw_only=True):
    """The fields of a goal's form; without a ``version`` it is one to be."""

    goal: str = ""
    name: str = ""
    page: str = ""
    event: str = ""
    props: tuple[str, ...] = ()
    amount: str = ""
    currency: str = ""
    counts_revenue: bool = False
    version: int = 0


class FunnelFields(Struct, frozen=True, kw_only=True):
    """The fields of a funnel's form; without a ``version`` it is one to be."""

    funnel: str = ""
    name: str = ""
    steps: tuple[str, ...] = ()
    window_seconds: int = 86_400
    version: int = 0


NEW_GOAL, NEW_FUNNEL = GoalFields(), FunnelFields()


def takes_decisions(site: Site | None) -> bool:
    """Say whether goals and funnels of *site* can be decided about; None is one that nothing was decided about."""
    return site is not None and site.state in (SiteState.OPEN, SiteState.ARCHIVED)


def goal_fields(goal: GoalHead) -> GoalFields | None:
    """Return *goal* as its form has it, None where that would say something else."""
    if not all(map(_is_writable, goal.props)):
        return None
    return GoalFields(
        goal=goal.goal,
        name=goal.name,
        page=goal.page or "",
        event=goal.event or "",
        props=tuple(f"{each.name}{SIGNS[each.test]}{each.value}" for each in goal.props),
        amount="" if goal.amount is None else goal.amount.amount,
        currency="" if goal.amount is None else goal.amount.currency,
        counts_revenue=goal.counts_revenue,
        version=goal.version,
    )


def funnel_fields(funnel: Funnel) -> FunnelFields | None:
    """Return *funnel* as its form has it, None where that would say something else."""
    steps = tuple(_line_of(step) for step in funnel.steps)
    if not _are_lines(step or "" for step in steps):
        return None
    return FunnelFields(
        funnel=funnel.funnel,
        name=funnel.name,
        steps=tuple(step or "" for step in steps),
        window_seconds=funnel.window_seconds,
        version=funnel.version,
    )


def _is_writable(asked: PropertyCondition) -> bool:
    """Say whether a line can say *asked*: no sign stands in the name, and nothing is lost at its ends."""
    is_read_so = not any(letter in asked.name for sign in SIGNS.values() for letter in sign)
    return asked.test in SIGNS and is_read_so and _are_lines((asked.name,)) and (not asked.value or _are_lines((asked.value,)))


def _line_of(step: FunnelStep) -> str | None:
    """Return *step* in a line, which says neither what it is called nor what is asked of the event; None where those are."""
    condition = step.condition
    if step.label or condition.props:
        return None
    if condition.page is not None:
        return condition.page
    return None if condition.event is None or condition.event.startswith(_PATH) else condition.event


def _are_lines(texts: Iterable[str]) -> bool:
    return all(text.splitlines() == [text.strip()] for text in texts)
