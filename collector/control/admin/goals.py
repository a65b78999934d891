"""/v1/admin/sites/{site}/goals and /funnels: what people are to reach; owners and editors decide."""

from typing import Annotated, Any, TypeAlias

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from collector.control.admin.desk import PlainRequest
from collector.control.admin.motion import Motion
from collector.control.admin.pages import Page, PageAsked
from collector.control.admin.targets import Sort, add_one, change_one, list_some, show_one, withdraw_one
from collector.control.decided import invalid
from collector.control.goal_views import FunnelView, GoalView, funnel_view, goal_view
from collector.control.wanted import (
    LONGEST_WINDOW,
    FunnelWanted,
    GoalWanted,
    PropertySaid,
    StepSaid,
    money,
    properties,
    steps,
    window,
)
from contracts.control.goals import FUNNEL_KIND, GOAL_KIND, Funnel, Goal, funnel_id, funnels_of, goal_id, goals_of

Props: TypeAlias = Annotated[
    list[PropertySaid] | str,
    Meta(description="A list of conditions, or of texts such as plan=pro; or one text with a line for each."),
]
Steps: TypeAlias = Annotated[
    list[StepSaid | str] | str,
    Meta(description="A list of steps, or of paths and names of events; or one text with a line for each."),
]
_REVENUE = "revenue"


class WantedGoal(Struct, frozen=True, kw_only=True):
    """A goal to be, reached by pages whose path fits ``page`` or by the event ``event``.

    ``goal`` names it in addresses; without one it is made of the name. It is worth ``amount`` each time, or the event's own
    revenue where ``value`` is "revenue".
    """

    name: str
    goal: str = ""
    page: str = ""
    event: str = ""
    props: Props = []
    amount: str = ""
    currency: str = ""
    value: str = ""


class WantedFunnel(Struct, frozen=True, kw_only=True):
    """A funnel to be: its steps, in their order, and within how many seconds of the first the others have to be."""

    name: str
    steps: Steps
    funnel: str = ""
    window_seconds: int | str = LONGEST_WINDOW


class GoalChanged(Struct, frozen=True, kw_only=True):
    """The goal as it is from the control sequence ``seq`` on."""

    seq: int
    goal: GoalView


class FunnelChanged(Struct, frozen=True, kw_only=True):
    """The funnel as it is from the control sequence ``seq`` on."""

    seq: int
    funnel: FunnelView


_GOALS: Sort[Goal, GoalView, GoalWanted] = Sort(
    noun=GOAL_KIND,
    type_=Goal,
    all_of=goals_of,
    id_of=goal_id,
    targets=lambda plane: plane.goals,
    view=goal_view,
    short=lambda view: view.goal,
    answer=lambda seq, view: GoalChanged(seq=seq, goal=view),
)
_FUNNELS: Sort[Funnel, FunnelView, FunnelWanted] = Sort(
    noun=FUNNEL_KIND,
    type_=Funnel,
    all_of=funnels_of,
    id_of=funnel_id,
    targets=lambda plane: plane.funnels,
    view=funnel_view,
    short=lambda view: view.funnel,
    answer=lambda seq, view: FunnelChanged(seq=seq, funnel=view),
)


@get("/v1/admin/sites/{site:str}/goals", summary="Goals of a site")
async def list_goals(site: FromPath[str], motion: NamedDependency[Motion], page: NamedDependency[PageAsked]) -> Page[GoalView]:
    """Return the site's goals, but for those that are withdrawn."""
    return await list_some(_GOALS, motion, site, page)


@post("/v1/admin/sites/{site:str}/goals", summary="Add a goal", status_code=201)
async def add_goal(
    request: PlainRequest, site: FromPath[str], data: JSONBody[WantedGoal], motion: NamedDependency[Motion]
) -> Response[GoalChanged]:
    """Define a goal, which holds for all that is stored at once; one that is there exactly so is answered with 200."""
    motion.require_editor(site)
    return await add_one(_GOALS, motion, request, site, said=data.goal, wanted=_goal(data))


@get("/v1/admin/sites/{site:str}/goals/{goal:str}", summary="A goal")
async def show_goal(site: FromPath[str], goal: FromPath[str], motion: NamedDependency[Motion]) -> GoalView:
    """Return a goal, also one that is withdrawn."""
    return await show_one(_GOALS, motion, site, goal)


@post("/v1/admin/sites/{site:str}/goals/{goal:str}", summary="Another definition of a goal", status_code=200)
async def change_goal(
    request: PlainRequest,
    site: FromPath[str],
    goal: FromPath[str],
    data: JSONBody[WantedGoal],
    motion: NamedDependency[Motion],
) -> Response[GoalChanged]:
    """Define the goal otherwise, for all that is stored and all that comes."""
    motion.require_editor(site)
    return await change_one(_GOALS, motion, request, site, short=goal, wanted=_goal(data))


@post("/v1/admin/sites/{site:str}/goals/{goal:str}/withdraw", summary="A goal less", status_code=200)
async def withdraw_goal(
    request: PlainRequest, site: FromPath[str], goal: FromPath[str], motion: NamedDependency[Motion]
) -> Response[GoalChanged]:
    """Let the goal be asked for no more; defined again, it is there again, with all of the past."""
    motion.require_editor(site)
    return await withdraw_one(_GOALS, motion, request, site, short=goal)


@get("/v1/admin/sites/{site:str}/funnels", summary="Funnels of a site")
async def list_funnels(
    site: FromPath[str], motion: NamedDependency[Motion], page: NamedDependency[PageAsked]
) -> Page[FunnelView]:
    """Return the site's funnels, but for those that are withdrawn."""
    return await list_some(_FUNNELS, motion, site, page)


@post("/v1/admin/sites/{site:str}/funnels", summary="Add a funnel", status_code=201)
async def add_funnel(
    request: PlainRequest, site: FromPath[str], data: JSONBody[WantedFunnel], motion: NamedDependency[Motion]
) -> Response[FunnelChanged]:
    """Define a funnel, which holds for all that is stored at once; one that is there exactly so is answered with 200."""
    motion.require_editor(site)
    return await add_one(_FUNNELS, motion, request, site, said=data.funnel, wanted=_funnel(data))


@get("/v1/admin/sites/{site:str}/funnels/{funnel:str}", summary="A funnel")
async def show_funnel(site: FromPath[str], funnel: FromPath[str], motion: NamedDependency[Motion]) -> FunnelView:
    """Return a funnel, also one that is withdrawn."""
    return await show_one(_FUNNELS, motion, site, funnel)


@post("/v1/admin/sites/{site:str}/funnels/{funnel:str}", summary="Another definition of a funnel", status_code=200)
async def change_funnel(
    request: PlainRequest,
    site: FromPath[str],
    funnel: FromPath[str],
    data: JSONBody[WantedFunnel],
    motion: NamedDependency[Motion],
) -> Response[FunnelChanged]:
    """Define the funnel otherwise, for all that is stored and all that comes."""
    motion.require_editor(site)
    return await change_one(_FUNNELS, motion, request, site, short=funnel, wanted=_funnel(data))


@post("/v1/admin/sites/{site:str}/funnels/{funnel:str}/withdraw", summary="A funnel less", status_code=200)
async def withdraw_funnel(
    request: PlainRequest, site: FromPath[str], funnel: FromPath[str], motion: NamedDependency[Motion]
) -> Response[FunnelChanged]:
    """Let the funnel be asked for no more; defined again, it is there again, with all of the past."""
    motion.require_editor(site)
    return await withdraw_one(_FUNNELS, motion, request, site, short=funnel)


def _goal(said: WantedGoal) -> GoalWanted:
    if said.value not in ("", _REVENUE):
        raise invalid("value", f"Send {_REVENUE} where the event's own revenue is counted, or leave it out.")
    return GoalWanted(
        name=said.name,
        page=said.page.strip(),
        event=said.event.strip(),
        props=properties(_lines(said.props)),
        amount=money(said.amount.strip(), said.currency.strip()),
        counts_revenue=said.value == _REVENUE,
    )


def _funnel(said: WantedFunnel) -> FunnelWanted:
    seconds = str(said.window_seconds).strip()
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= len(str(LONGEST_WINDOW))):
        seconds = "0"
    return FunnelWanted(name=said.name, steps=steps(_lines(said.steps)), window_seconds=window(int(seconds)))


def _lines(said: list[Any] | str) -> list[Any]:
    if isinstance(said, str):
        said = said.splitlines()
    return [each for each in said if not isinstance(each, str) or each.strip()]


GOALS = (
    *(list_goals, add_goal, show_goal, change_goal, withdraw_goal),
    *(list_funnels, add_funnel, show_funnel, change_funnel, withdraw_funnel),
)
