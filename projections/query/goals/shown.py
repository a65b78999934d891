"""What answers about goals and funnels hold: the numbers, and the definition and version that they are by."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType

from contracts.control.goals import Condition, Funnel, Goal, PropertyCondition
from projections.query.goals.targets import Decided
from projections.query.periods import Interval

# One day of a visitor is all that there is of them.
ONE_DAY = (
    "A visitor is known for one UTC day, because the key that makes the id is destroyed at midnight UTC: who begins on one "
    "day and goes on on the next is counted with their first steps alone."
)


class Money(Struct, frozen=True, kw_only=True):
    """An exact amount, as decimal text, in an ISO 4217 currency."""

    currency: str
    amount: str


class GoalHead(Struct, frozen=True, kw_only=True):
    """A goal by its definition: ``version`` rises with each decision about it, ``seq`` is that of the one that it is by."""

    goal: str
    name: str
    version: int
    seq: int
    page: str | None
    event: str | None
    props: tuple[PropertyCondition, ...]
    amount: Money | None
    counts_revenue: bool


class Others(Struct, frozen=True, kw_only=True):
    """The other days, where some are compared with: from when until when, and the visitors that rates there are parts of."""

    since: datetime
    until: datetime
    visitors: int


class ReachedThere(Struct, frozen=True, kw_only=True):
    """How a goal was reached in the other days."""

    visitors: int
    conversions: int
    rate: float
    value: list[Money]


class GoalMoved(Struct, frozen=True, kw_only=True):
    """How the numbers of a goal have moved, in percent, the rate in points; null where there is nothing to compare with."""

    visitors: float | None
    conversions: float | None
    rate: float | None


class GoalRow(Struct, frozen=True, kw_only=True):
    """A goal in a period: who reached it, how often, in percent of the period's visitors, and what that was worth."""

    definition: GoalHead
    visitors: int
    conversions: int
    rate: float
    value: list[Money]
    previous: ReachedThere | UnsetType = UNSET
    change: GoalMoved | UnsetType = UNSET


class Goals(Struct, frozen=True, kw_only=True):
    """The goals of a site; ``visitors`` are those of the period that the rates are parts of.

    Where other days were asked for, too, ``previous`` says which, and each goal has its numbers there.
    """

    site: str
    since: datetime
    until: datetime
    visitors: int
    goals: list[GoalRow]
    previous: Others | UnsetType = UNSET
    as_of: datetime | None = None


class GoalBucket(Struct, frozen=True, kw_only=True):
    """What the other days have beside a bucket: one of theirs, from ``start`` on."""

    start: datetime
    visitors: int
    conversions: int
    value: list[Money]


class GoalPoint(Struct, frozen=True, kw_only=True):
    """One bucket: from ``start`` (local time with its offset) up to the next one's.

    Where other days were asked for, too, ``previous`` is their bucket that stands beside it, null where none does.
    """

    start: datetime
    visitors: int
    conversions: int
    value: list[Money]
    previous: GoalBucket | UnsetType | None = UNSET


class GoalAnswer(Struct, frozen=True, kw_only=True):
    """One goal in a period, and in every bucket of it, also the empty ones."""

    site: str
    since: datetime
    until: datetime
    visitors: int
    goal: GoalRow
    interval: Interval
    points: list[GoalPoint]
    previous: Others | UnsetType = UNSET
    as_of: datetime | None = None


class ValueReached(Struct, frozen=True, kw_only=True):
    """One value of a dimension; an empty one means not known. The rate is in percent of the visitors with the value."""

    value: str
    visitors: int
    conversions: int
    rate: float
    worth: list[Money]
    previous: ReachedThere | UnsetType = UNSET
    change: GoalMoved | UnsetType = UNSET


class GoalBreakdown(Struct, frozen=True, kw_only=True):
    """One goal by the values of a dimension of visits, most visitors first, a page of them, and whether there are more.

    Compared with other days the values that only those have come behind all others.
    """

    site: str
    definition: GoalHead
    dimension: str
    rows: list[ValueReached]
    more: bool
    as_of: datetime | None = None


class Step(Struct, frozen=True, kw_only=True):
    """A step by its definition."""

    label: str
    page: str | None
    event: str | None
    props: tuple[PropertyCondition, ...]


class FunnelHead(Struct, frozen=True, kw_only=True):
    """A funnel by its definition, as of a goal."""

    funnel: str
    name: str
    version: int
    seq: int
    window_seconds: int
    steps: list[Step]


class Funnels(Struct, frozen=True, kw_only=True):
    """The funnels of a site, without numbers: each is asked for by itself."""

    site: str
    funnels: list[FunnelHead]


class StepThere(Struct, frozen=True, kw_only=True):
    """How many visitors took a step in the other days."""

    visitors: int
    rate: float
    of_first: float
    of_previous: float


class StepMoved(Struct, frozen=True, kw_only=True):
    """How a step has moved: its visitors in percent, the rates in points; null where there is nothing to compare with."""

    visitors: float | None
    rate: float | None
    of_first: float | None
    of_previous: float | None


class StepTaken(Struct, frozen=True, kw_only=True):
    """How many visitors took a step, in percent of the period's, the first step's, the one before; how many ended there."""

    label: str
    visitors: int
    rate: float
    of_first: float
    of_previous: float
    dropped: int
    previous: StepThere | UnsetType = UNSET
    change: StepMoved | UnsetType = UNSET


class FunnelAnswer(Struct, frozen=True, kw_only=True):
    """How far visitors came in the visits of a period; ``known_for`` says what no anonymous funnel can see."""

    site: str
    since: datetime
    until: datetime
    visitors: int
    definition: FunnelHead
    steps: list[StepTaken]
    rate: float
    previous: Others | UnsetType = UNSET
    known_for: str = ONE_DAY
    as_of: datetime | None = None


def goal_head(decided: Decided[Goal]) -> GoalHead:
    """Return the definition of a goal as answers name it."""
    goal = decided.thing
    return GoalHead(
        goal=goal.goal,
        name=goal.name,
        version=goal.version,
        seq=decided.seq,
        page=goal.condition.page,
        event=goal.condition.event,
        props=goal.condition.props,
        amount=None if goal.amount is None else Money(currency=goal.amount.currency, amount=goal.amount.amount),
        counts_revenue=goal.counts_revenue,
    )


def funnel_head(decided: Decided[Funnel]) -> FunnelHead:
    """Return the definition of a funnel as answers name it."""
    funnel = decided.thing
    return FunnelHead(
        funnel=funnel.funnel,
        name=funnel.name,
        version=funnel.version,
        seq=decided.seq,
        window_seconds=funnel.window_seconds,
        steps=[
            Step(
                label=step.label or called(step.condition),
                page=step.condition.page,
                event=step.condition.event,
                props=step.condition.props,
            )
            for step in funnel.steps
        ],
    )


def called(condition: Condition) -> str:
    """Return what a condition asks for, where nobody has called it anything."""
    return condition.page or condition.event or ""


def money_of(worth: Mapping[str, Decimal]) -> list[Money]:
    """Return amounts as answers write them: exact, and never with an exponent."""
    return [Money(currency=currency, amount=f"{amount:f}") for currency, amount in sorted(worth.items())]
