"""The pages of a site's funnels: how far visitors came in one, the others beside it, and forms for those who may decide."""

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import UNSET, Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.goals import Funnel
from contracts.control.sites import Site
from projections.dashboard.controls import Controls, controls_of
from projections.dashboard.goal_forms import NEW_FUNNEL, FunnelFields, funnel_fields, takes_decisions
from projections.dashboard.links import PageState
from projections.dashboard.pages.families import tabs_of
from projections.dashboard.pages.marks import Address, read_address
from projections.dashboard.panels.reached import Cell, step_cells
from projections.dashboard.views import Views
from projections.dashboard.words import counted
from projections.dashboard.words_of_goals import condition_in_words, window_in_words
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.freshness import Freshness, freshness
from projections.query.goals.answers import funnel_answer
from projections.query.goals.shown import FunnelAnswer
from projections.query.goals.targets import Decided, funnel_named, funnels_of
from projections.query.known_sites import decided_sites, reading_about
from projections.query.product.retention import ANONYMOUS
from projections.query.question import WebQuestion

FUNNELS: Final = "funnels"


class FunnelTab(Struct, frozen=True, kw_only=True):
    """One funnel of the site."""

    title: str
    href: str
    is_open: bool


class StepLine(Struct, frozen=True, kw_only=True):
    """One step as it is shown; the bar is its visitors of those of the first step."""

    number: int
    label: str
    asked: str
    cells: list[Cell]
    bar: float


class FunnelsPage(Struct, frozen=True, kw_only=True):
    """What the page shows; ``answer`` is None while the site has no funnel; without ``fields`` no form can say what it is."""

    site: str
    state: PageState
    controls: Controls
    tabs: list[FunnelTab]
    answer: FunnelAnswer | None
    steps: list[StepLine]
    window: str
    before: str
    anonymous: str
    here: str
    decided: Site | None
    json: str
    freshness: Freshness
    fields: FunnelFields | None
    empty: FunnelFields = NEW_FUNNEL

    @property
    def takes_decisions(self) -> bool:
        """Say whether funnels can be decided about."""
        return takes_decisions(self.decided)


@get("/sites/{site:str}/funnels", include_in_schema=False)
async def show_funnels(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
) -> Response[Any]:
    """Show the first of a site's funnels."""
    address = await read_address(desk, caller, request, site)
    async with reading_about(desk.engine, address.question, desk.listing) as (connection, question):
        if question.site != address.question.site:
            return Redirect(replace(address.state, site=question.site).href(below=FUNNELS), status_code=303)
        every = await funnels_of(connection, caller, question.site)
        page = await _page(connection, question, address, every, every[0] if every else None)
        families = await tabs_of(connection, caller, question.site, address.state)
    return address.page(views.render("funnels.html", page=page, families=families))


@get("/sites/{site:str}/funnels/{funnel:str}", include_in_schema=False)
async def show_funnel(
    *,
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
    funnel: FromPath[str],
) -> Response[Any]:
    """Show one funnel."""
    address = await read_address(desk, caller, request, site)
    async with reading_about(desk.engine, address.question, desk.listing) as (connection, question):
        opened = await funnel_named(connection, caller, question.site, funnel)
        if question.site != address.question.site:
            below = f"{FUNNELS}/{opened.thing.funnel}"
            return Redirect(replace(address.state, site=question.site).href(below=below), status_code=303)
        every = await funnels_of(connection, caller, question.site)
        page = await _page(connection, question, address, every, opened)
        families = await tabs_of(connection, caller, question.site, address.state)
    return address.page(views.render("funnels.html", page=page, families=families))


async def _page(
    connection: AsyncConnection,
    question: WebQuestion,
    address: Address,
    every: list[Decided[Funnel]],
    opened: Decided[Funnel] | None,
) -> FunnelsPage:
    state = address.state
    answer = None if opened is None else await funnel_answer(connection, question, opened)
    below = FUNNELS if opened is None else f"{FUNNELS}/{opened.thing.funnel}"
    return FunnelsPage(
        site=question.site,
        state=state,
        controls=replace(controls_of(state, below=below, wrong=address.wrong), intervals=[]),
        tabs=[_tab(one, state, opened) for one in every],
        answer=answer,
        steps=[] if answer is None else _steps(answer),
        window="" if opened is None else window_in_words(opened.thing.window_seconds),
        before="" if answer is None else _before(answer),
        anonymous=ANONYMOUS,
        here=state.href(below=FUNNELS),
        decided=(await decided_sites(connection, question.caller)).get(question.site),
        json=state.api(below),
        freshness=await freshness(connection, question.caller),
        fields=None if opened is None else funnel_fields(opened.thing),
    )


def _tab(one: Decided[Funnel], state: PageState, opened: Decided[Funnel] | None) -> FunnelTab:
    return FunnelTab(
        title=one.thing.name,
        href=state.href(below=f"{FUNNELS}/{one.thing.funnel}"),
        is_open=opened is not None and one.thing.id == opened.thing.id,
    )


def _steps(answer: FunnelAnswer) -> list[StepLine]:
    return [
        StepLine(
            number=number,
            label=taken.label,
            asked=condition_in_words(step),
            cells=step_cells(taken, is_last=number == len(answer.steps)),
            bar=taken.of_first,
        )
        for number, (step, taken) in enumerate(zip(answer.definition.steps, answer.steps, strict=True), start=1)
    ]


def _before(answer: FunnelAnswer) -> str:
    """Return how many came to the end in the other days, "" where there are none."""
    other, last = answer.previous, answer.steps[-1].previous
    if other is UNSET or last is UNSET:
        return ""
    return f"Before: {last.rate:g}% of {counted(other.visitors, 'visitor')}."
