"""/api/stats/{site}/goals, /funnels and /retention: the routes of what people were to reach, and of who came back."""

from datetime import datetime

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct
from msgspec.structs import replace

from projections.projections import PRODUCT
from projections.projector.projection import Projection
from projections.query.api import Desk, PlainRequest, Questioned, ask
from projections.query.caller import Caller
from projections.query.delivery.asked import FACTS_OF, PACE
from projections.query.delivery.tags import Pace
from projections.query.freshness import freshness
from projections.query.goals import answers, shown
from projections.query.goals.targets import funnel_named, goal_named
from projections.query.known_sites import reading_about
from projections.query.product.retention import ANONYMOUS, Cohort, in_weeks, retention
from projections.query.question import dimension_of


class RetentionAnswer(Struct, frozen=True, kw_only=True):
    """Of who was first seen in each week, how many did something in the weeks after; ``anonymous`` says who is not told."""

    site: str
    cohorts: list[Cohort]
    anonymous: str
    as_of: datetime | None


def _of_product(_: PlainRequest) -> Projection:
    return PRODUCT


@get(
    "/{site:str}/goals",
    summary="How often each goal of a site was reached",
    operation_class=Questioned,
    opt={PACE: Pace.DAYS},
)
async def read_goals(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> shown.Goals:
    """Return who reached each goal in the period, how often, and what that was worth."""
    async with reading_about(desk.engine, ask(desk, caller, request, site), desk.listing) as (connection, question):
        answer = await answers.goals_answer(connection, question)
        return replace(answer, as_of=(await freshness(connection, caller)).as_of)


@get(
    "/{site:str}/goals/{goal:str}",
    summary="A goal, as a whole and over time",
    operation_class=Questioned,
    opt={PACE: Pace.DAYS},
)
async def read_goal(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    request: PlainRequest,
    site: FromPath[str],
    goal: FromPath[str],
) -> shown.GoalAnswer:
    """Return the numbers of one goal, and those of every bucket of the period."""
    async with reading_about(desk.engine, ask(desk, caller, request, site), desk.listing) as (connection, question):
        decided = await goal_named(connection, caller, question.site, goal)
        answer = await answers.goal_answer(connection, question, decided)
        return replace(answer, as_of=(await freshness(connection, caller)).as_of)


@get(
    "/{site:str}/goals/{goal:str}/breakdown/{dimension:str}",
    summary="A goal for each value of a dimension of visits",
    operation_class=Questioned,
    opt={PACE: Pace.DAYS},
)
async def read_goal_breakdown(
    *,
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    request: PlainRequest,
    site: FromPath[str],
    goal: FromPath[str],
    dimension: FromPath[str],
) -> shown.GoalBreakdown:
    """Return where those came from who reached it, the values with most of them first."""
    asked, named = ask(desk, caller, request, site), answers.require_of_visit(dimension_of(dimension))
    async with reading_about(desk.engine, asked, desk.listing) as (connection, question):
        decided = await goal_named(connection, caller, question.site, goal)
        answer = await answers.goal_breakdown(connection, question, decided, named)
        return replace(answer, as_of=(await freshness(connection, caller)).as_of)


@get(
    "/{site:str}/funnels",
    summary="The funnels of a site",
    operation_class=Questioned,
    opt={PACE: Pace.NEVER},
)
async def read_funnels(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> shown.Funnels:
    """Return the definitions; the numbers of each are asked for by themselves."""
    async with reading_about(desk.engine, ask(desk, caller, request, site), desk.listing) as (connection, question):
        return await answers.funnels_answer(connection, question)


@get(
    "/{site:str}/funnels/{funnel:str}",
    summary="How far visitors came in a funnel",
    operation_class=Questioned,
    opt={PACE: Pace.DAYS},
)
async def read_funnel(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    request: PlainRequest,
    site: FromPath[str],
    funnel: FromPath[str],
) -> shown.FunnelAnswer:
    """Return how many visitors took each step within the funnel's window, and how many went no further."""
    async with reading_about(desk.engine, ask(desk, caller, request, site), desk.listing) as (connection, question):
        decided = await funnel_named(connection, caller, question.site, funnel)
        answer = await answers.funnel_answer(connection, question, decided)
        return replace(answer, as_of=(await freshness(connection, caller)).as_of)


@get(
    "/{site:str}/retention",
    summary="Who came back, by week, of those who are named",
    operation_class=Questioned,
    opt={PACE: Pace.DAYS, FACTS_OF: _of_product},
)
async def read_retention(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest, site: FromPath[str]
) -> RetentionAnswer:
    """Return a cohort of subjects for each week that the period touches, from Monday in the time zone that is asked for.

    Filters are of visits, and none of subjects. Of a longer period the newest 53 weeks are answered.
    """
    async with reading_about(desk.engine, ask(desk, caller, request, site), desk.listing) as (connection, question):
        answer = await retention(connection, in_weeks(question))
        as_of = (await freshness(connection, caller, of=PRODUCT)).as_of
        return RetentionAnswer(site=answer.site, cohorts=answer.cohorts, anonymous=ANONYMOUS, as_of=as_of)


GOALS = Router(
    path="/api/stats",
    route_handlers=[read_goals, read_goal, read_goal_breakdown, read_funnels, read_funnel, read_retention],
    tags=["goals"],
)
