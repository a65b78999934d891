"""What answers about goals and funnels hold: the numbers, and the definition and version that they are by."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

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


class GoalRow(Struct, frozen=True, kw_only=True):
    """A goal in a period: who reached it, how often, in percent of the period's visitors, and what that was worth."""

    definition: GoalHead
    visitors: int
    conversions: int
    rate: float
    value: list[Money]


class Goals(Struct, frozen=True, kw_only=True):
    """The goals of a site; ``visitors`` are those of the period that the rates are parts of."""

    site: str
    since: datetime
    until: datetime
    visitors: int
    goals: list[GoalRow]
    as_of: datetime | None = None


class GoalPoint(Struct, frozen=True, kw_only=True):
    """One bucket: from ``start`` (local time with its offset) up to the next one's."""

    start: datetime
    visitors: int
    conversions: int
    value: list[Money]


class GoalAnswer(Struct, frozen=True, kw_only=True):
    """One goal in a period, and in every bucket of it, also the empty ones."""

    site: str
    since: datetime
    until: datetime
    visitors: int
    goal: GoalRow
    interval: Interval
    points: list[GoalPoint]
    as_of: datetime | None = None


class ValueReached(Struct, frozen=True, kw_only=True):
    """One value of a dimension; an empty one means not known. The rate is in percent of the visitors with the value."""

    value: str
    visitors: int
    conversions: int
    rate: float
    worth: list[Money]


class GoalBreakdown(Struct, frozen=True, kw_only=True):
    """One goal by the values of a dimension of visits, most visitors first, a page of them, and whether there are more."""

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


class StepTaken(Struct, frozen=True, kw_only=True):
    """How many visitors took a step, in percent of the period's, the first step's, the one before; how many ended there."""

    label: str
    visitors: int
    rate: float
    of_first: float
    of_previous: float
    dropped: int


class FunnelAnswer(Struct, frozen=True, kw_only=True):
    """How far visitors came in the visits of a period; ``known_for`` says what no anonymous funnel can see."""

    site: str
    since: datetime
    until: datetime
    visitors: int
    definition: FunnelHead
    steps: list[StepTaken]
    rate: float
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
