"""The pages of a site's goals: all in a period, with forms for those who may decide, and one over time and by source."""

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import UNSET, Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.sites import Site
from projections.dashboard.controls import Controls, controls_of
from projections.dashboard.goal_forms import NEW_GOAL, GoalFields, goal_fields, takes_decisions
from projections.dashboard.links import PageState
from projections.dashboard.pages.families import tabs_of
from projections.dashboard.pages.marks import Address, read_address
from projections.dashboard.panels.chart import Chart, draw
from projections.dashboard.panels.reached import Cell, goal_cells, value_cells
from projections.dashboard.panels.rows import flag_of, name_of
from projections.dashboard.views import Views
from projections.dashboard.words_of_goals import condition_in_words
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.compared import other_days
from projections.query.dimensions import DIMENSION_NAMED, Dimension
from projections.query.freshness import Freshness, freshness
from projections.query.goals.answers import goal_answer, goal_breakdown, goals_answer
from projections.query.goals.shown import GoalAnswer, GoalPoint, GoalRow, ValueReached
from projections.query.goals.targets import goal_named
from projections.query.kept_by import GOAL
from projections.query.known_sites import decided_sites, reading_about
from projections.query.metrics import Metric, Unit
from projections.query.question import WebQuestion
from projections.query.web.timeseries import Point, Timeseries

GOALS: Final = "goals"
# What a goal is told by, one at a time: each costs a pass over the period's facts.
TOLD_BY: Final = ("source", "channel", "utm_campaign", "country", "device", "browser", "entry_page")
_ROWS: Final = 50
_CONVERSIONS = Metric(
    name="conversions",
    title="Conversions",
    unit=Unit.COUNT,
    sums=(),
    formula=lambda _: 0.0,
    meaning="How often the goal was reached in the visits that began then.",
)


class GoalLine(Struct, frozen=True, kw_only=True):
    """One goal as it is shown, and where its own page is; without ``fields`` no form can say what it is."""

    row: GoalRow
    reached_by: str
    href: str
    cells: list[Cell]
    fields: GoalFields | None


class GoalsPage(Struct, frozen=True, kw_only=True):
    """What the page of all goals shows; ``here`` is where its forms lead back to; ``decided`` None where nothing was."""

    site: str
    state: PageState
    controls: Controls
    lines: list[GoalLine]
    visitors: int
    here: str
    decided: Site | None
    json: str
    freshness: Freshness
    empty: GoalFields = NEW_GOAL

    @property
    def takes_decisions(self) -> bool:
        """Say whether goals can be decided about."""
        return takes_decisions(self.decided)


class GoalTab(Struct, frozen=True, kw_only=True):
    """One dimension that the goal can be told by."""

    title: str
    href: str
    is_open: bool


class GoalValue(Struct, frozen=True, kw_only=True):
    """One value of the open dimension; the bar is its visitors of the greatest's."""

    name: str
    flag: str
    bar: float
    cells: list[Cell]


class GoalPage(Struct, frozen=True, kw_only=True):
    """What the page of one goal shows; ``narrowed`` is the site's page of the visits that reached it."""

    state: PageState
    controls: Controls
    answer: GoalAnswer
    line: GoalLine
    chart: Chart
    tabs: list[GoalTab]
    dimension: Dimension
    values: list[GoalValue]
    more: bool
    narrowed: str | None
    here: str
    json: str
    freshness: Freshness


@get("/sites/{site:str}/goals", include_in_schema=False)
async def show_goals(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
) -> Response[Any]:
    """Show how often each goal of a site was reached."""
    address = await read_address(desk, caller, request, site)
    async with reading_about(desk.engine, address.question, desk.listing) as (connection, question):
        if question.site != address.question.site:
            return Redirect(replace(address.state, site=question.site).href(below=GOALS), status_code=303)
        page = await _goals_page(connection, question, address)
        families = await tabs_of(connection, caller, question.site, address.state)
    return address.page(views.render("goals.html", page=page, families=families))


@get("/sites/{site:str}/goals/{goal:str}", include_in_schema=False)
async def show_goal(
    *,
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
    goal: FromPath[str],
) -> Response[Any]:
    """Show one goal."""
    address = await read_address(desk, caller, request, site)
    async with reading_about(desk.engine, address.question, desk.listing) as (connection, question):
        decided = await goal_named(connection, caller, question.site, goal)
        below = f"{GOALS}/{decided.thing.goal}"
        if question.site != address.question.site:
            return Redirect(replace(address.state, site=question.site).href(below=below), status_code=303)
        answer = await goal_answer(connection, question, decided)
        opened = _opened(address.state)
        values = await goal_breakdown(connection, replace(question, limit=_ROWS), decided, opened)
        page = _goal_page(address, question, answer, opened, await freshness(connection, caller))
        page = replace(page, values=_values(values.rows, opened), more=values.more)
        families = await tabs_of(connection, caller, question.site, address.state)
    return address.page(views.render("goal.html", page=page, families=families))


async def _goals_page(connection: AsyncConnection, question: WebQuestion, address: Address) -> GoalsPage:
    state, answer = address.state, await goals_answer(connection, question)
    return GoalsPage(
        site=question.site,
        state=state,
        controls=replace(controls_of(state, below=GOALS, wrong=address.wrong), intervals=[]),
        lines=[_line(row, state) for row in answer.goals],
        visitors=answer.visitors,
        here=state.href(below=GOALS),
        decided=(await decided_sites(connection, question.caller)).get(question.site),
        json=state.api(GOALS),
        freshness=await freshness(connection, question.caller),
    )


def _goal_page(address: Address, question: WebQuestion, answer: GoalAnswer, opened: Dimension, fresh: Freshness) -> GoalPage:
    state, short = address.state, answer.goal.definition.goal
    below, narrowed = f"{GOALS}/{short}", state.narrowed(GOAL, short)
    names = frozenset(TOLD_BY)
    return GoalPage(
        state=state,
        controls=controls_of(state, below=below, wrong=address.wrong),
        answer=answer,
        line=_line(answer.goal, state),
        chart=draw(_series(answer, question), state=narrowed or state, now=question.now),
        tabs=[
            GoalTab(
                title=DIMENSION_NAMED[name].heading,
                href=state.opening(DIMENSION_NAMED[name], names).href(below=below),
                is_open=name == opened.name,
            )
            for name in TOLD_BY
        ],
        dimension=opened,
        values=[],
        more=False,
        narrowed=None if narrowed is None else narrowed.href(),
        here=state.href(below=GOALS),
        json=state.api(below),
        freshness=fresh,
    )


def _opened(state: PageState) -> Dimension:
    shown = [name for name in state.show if name in TOLD_BY]
    return DIMENSION_NAMED[(shown or TOLD_BY)[-1 if shown else 0]]


def _series(answer: GoalAnswer, question: WebQuestion) -> Timeseries:
    other = question.asked_beside
    return Timeseries(
        site=answer.site,
        timezone=question.timezone,
        compared=None if other is None else other_days(other, question.zone),
        metric=_CONVERSIONS,
        interval=answer.interval,
        until=answer.until,
        points=[_point(point) for point in answer.points],
    )


def _point(point: GoalPoint) -> Point:
    there, own = point.previous, Point(start=point.start, value=point.conversions)
    if there is UNSET:
        return own
    if there is None:
        return replace(own, previous_start=None, previous=None)
    return replace(own, previous_start=there.start, previous=there.conversions)


def _line(row: GoalRow, state: PageState) -> GoalLine:
    definition = row.definition
    return GoalLine(
        row=row,
        reached_by=condition_in_words(definition),
        href=state.href(below=f"{GOALS}/{definition.goal}"),
        cells=goal_cells(row),
        fields=goal_fields(definition),
    )


def _values(rows: list[ValueReached], dimension: Dimension) -> list[GoalValue]:
    most = max((row.visitors for row in rows), default=1) or 1
    return [
        GoalValue(
            name=name_of(dimension, row.value),
            flag=flag_of(dimension, row.value),
            bar=round(100 * row.visitors / most, 1),
            cells=value_cells(row),
        )
        for row in rows
    ]
