"""A tag by position changes whenever its answer does: with facts of any family, with decisions, with rebuilds and the clock."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any, TypeAlias

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from contracts.control.goals import Condition
from contracts.events.envelope import Money
from projections.projections import PRODUCT, TURNS
from projections.query.delivery.asked import PACE
from tests.conftest import run_sql
from tests.facts import BERT, event, pageview
from tests.facts_product import action
from tests.projections.control.deciding import decided, funnel, goal, site, withdrawn
from tests.projections.query.world import SITE, World
from tests.projections.world import Teller
from tests.turns import completed

ABOUT = f"/api/stats/{SITE}"
# By the template of their route: of periods one that is over, one that runs, and one that begins with the first fact.
ANSWERS = {
    "/api/stats/{site}/overview": ("", "?period=all", "?period=custom&from=2026-11-01&to=2026-11-10"),
    "/api/stats/{site}/timeseries": ("", "?compare=previous"),
    "/api/stats/{site}/realtime": ("",),
    "/api/stats/{site}/breakdown/{dimension}": ("?filter=goal!:none",),
    "/api/stats/{site}/engagement": ("", "?period=today"),
    "/api/stats/{site}/pages": ("", "?period=all"),
    "/api/stats/{site}/properties": ("", "?period=custom&from=2026-11-01&to=2026-11-18"),
    "/api/stats/{site}/revenue": ("", "?period=all"),
    "/api/stats/{site}/revenue/{dimension}": ("",),
    "/api/stats/{site}/timeseries/revenue": ("", "?period=all&interval=month"),
    "/api/stats/{site}/goals": ("", "?compare=previous", "?period=today"),
    "/api/stats/{site}/goals/{goal}": ("", "?compare=year"),
    "/api/stats/{site}/goals/{goal}/breakdown/{dimension}": ("",),
    "/api/stats/{site}/funnels": ("",),
    "/api/stats/{site}/funnels/{funnel}": ("", "?compare=previous"),
    "/api/stats/{site}/retention": ("", "?period=30d"),
    "/api/stats/{site}/facts": ("", "?family=product", "?family=turns", "?format=csv&limit=10"),
    "/api/sites": ("",),
}
# What the ingest processes tell is written beside the mark of how far it was read: no position says what an answer had of it.
BY_CONTENT = {
    "/api/stats",
    "/api/stats/definitions",
    "/api/stats/tallies",
    "/api/stats/{site}/tallies",
    "/api/stats/ledger",
    "/api/stats/{site}/ledger",
}
NAMES = {"{site}": SITE, "{dimension}": "source", "{goal}": "buy", "{funnel}": "sales"}


def addresses() -> Iterator[str]:
    for template, queries in ANSWERS.items():
        path = template
        for name, value in NAMES.items():
            path = path.replace(name, value)
        yield from (path + query.replace("goal!:none", "goal!:buy") for query in queries)


def paced(app: Litestar) -> dict[str, bool]:
    """Return of every answer of the API, by its address, whether it is tagged by position."""
    return {
        route.path_format: PACE in handler.opt
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path_format.startswith(("/api/stats", "/api/sites"))
        for handler in route.route_handlers
        if "GET" in handler.http_methods
    }


@pytest.fixture
async def shop(world: World) -> World:
    await world.tell(
        pageview("/pricing", at=world.now - timedelta(minutes=9)),
        event("Buy", at=world.now - timedelta(minutes=8), props={"plan": "pro"}, revenue=Money(amount="9", currency="EUR")),
    )
    steps = Condition(page="/pricing"), Condition(event="Buy")
    await decided(world.database_url, site(SITE), goal("buy", steps[1]), funnel("sales", *steps))
    return world


async def told(world: World, *facts: Any, of: Any = PRODUCT) -> None:
    teller = Teller(world.database_url, of)
    await teller.tell(*facts)
    await teller.close()


def later(by: timedelta) -> "Move":
    async def moved(world: World) -> None:
        world.now += by

    return moved


Move: TypeAlias = Callable[[World], Awaitable[None]]
MOVES: dict[str, Move] = {
    "a fact of the web": lambda world: world.tell(
        pageview("/", at=world.now - timedelta(minutes=1), visitor=BERT),
        event("Buy", at=world.now - timedelta(minutes=1), visitor=BERT, revenue=Money(amount="1", currency="USD")),
    ),
    "an action that is older than all of them": lambda world: told(
        world, action(at=world.now - timedelta(days=40), site=SITE), action(at=world.now, site=SITE)
    ),
    "a turn": lambda world: told(world, completed("one", at=world.now, site=SITE), of=TURNS),
    "another site": lambda world: told(world, action(at=world.now, site="other.example")),
    "a goal that is defined otherwise": lambda world: decided(
        world.database_url, goal("buy", Condition(page="/pricing"), version=2)
    ),
    "a goal more": lambda world: decided(world.database_url, goal("more", Condition(page="/"))),
    "a funnel less": lambda world: decided(
        world.database_url, withdrawn(funnel("sales", Condition(page="/"), Condition(page="/")))
    ),
    "a title": lambda world: decided(world.database_url, site("new.example", label="New")),
    "some minutes": later(timedelta(minutes=20)),
    "a day": later(timedelta(days=1)),
    "a week": later(timedelta(days=7)),
}


async def changed_by(shop: World, moves: dict[str, Move]) -> set[str]:
    """Return which answers *moves* were seen to change, all of whose tags have changed as well."""
    changed: set[str] = set()
    before = {address: await shop.get(address) for address in addresses()}
    for name, move in moves.items():
        await move(shop)
        for address, known in list(before.items()):
            now = before[address] = await shop.get(address)
            asked = await shop.client.get(address, headers={"If-None-Match": known.headers.get("etag", '"none"')})
            assert asked.status_code in (304, now.status_code), (name, address)
            if asked.status_code == 304:
                assert now.content == known.content, (name, address)
            if now.content != known.content:
                changed.add(address)
    return changed


async def test_whoever_is_told_that_nothing_is_new_has_what_there_is(shop: World):
    some = ("a fact of the web", "a goal that is defined otherwise")
    assert f"{ABOUT}/goals" in await changed_by(shop, {name: MOVES[name] for name in some})


@pytest.mark.long
async def test_no_move_changes_an_answer_and_leaves_its_tag(shop: World):
    assert await changed_by(shop, MOVES) == set(addresses()), "each of them was seen to change"


async def test_every_answer_has_its_tag_by_position_but_those_that_have_none(shop: World):
    assert shop.app is not None
    by_position = {template for template, is_paced in paced(shop.app).items() if is_paced}
    assert by_position == set(ANSWERS)
    assert {template for template, is_paced in paced(shop.app).items() if not is_paced} == BY_CONTENT


async def test_an_answer_that_is_known_is_made_of_no_facts(shop: World):
    known = {address: (await shop.get(address)).headers["etag"] for address in addresses() if "all" not in address}
    for table in ("web_g1.coded_visits", "web_g1.coded_hits", "product_g1.actions"):
        await run_sql(shop.database_url, f"DROP TABLE {table} CASCADE")
    for address, tag in known.items():
        answer = await shop.client.get(address, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.headers["etag"]) == (304, tag), address


async def test_a_star_is_no_answer_where_there_is_none(shop: World):
    for address, status in {
        f"{ABOUT}/goals": 304,
        f"{ABOUT}/goals/none": 404,
        f"{ABOUT}/overview?period=never": 400,
        f"{ABOUT}/funnels/none": 404,
    }.items():
        assert (await shop.client.get(address, headers={"If-None-Match": "*"})).status_code == status, address
