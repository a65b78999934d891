"""Goals and funnels know the past: what is defined today is answered of all that is stored, by its version, to its tenant."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.control.goals import Condition, PropertyCondition, PropertyTest
from contracts.events import Place, Source
from contracts.events.envelope import Money
from tests.facts import ANNA, BERT, event, pageview
from tests.projections.control.deciding import decided, funnel, goal, site, tenant, withdrawn
from tests.projections.query.world import NOW, SITE, World

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CARL = "c3" * 16
AGO = NOW - 20 * DAY
MONTH = {"period": "30d"}
PRICING, SIGNUP = Condition(page="/pricing*"), Condition(event="Signup")
PAID = Condition(event="Signup", props=(PropertyCondition(name="plan", value="free", test=PropertyTest.IS_NOT),))


def money(amount: str, currency: str = "EUR") -> Money:
    return Money(amount=amount, currency=currency)


@pytest.fixture
async def shop(world: World) -> World:
    """Three weeks ago Anna came from a letter, looked at prices and bought twice; Bert signed up for nothing; Carl looked."""
    letter, norway = Source(name="letter", utm_source="letter"), Place(country="NO")
    await world.tell(
        pageview("/", at=AGO, visitor=ANNA, source=letter, place=norway),
        pageview("/pricing/eu", at=AGO + MINUTE, visitor=ANNA),
        event("Signup", at=AGO + 2 * MINUTE, visitor=ANNA, props={"plan": "pro", "seats": 10}, revenue=money("49.90")),
        event("Signup", at=AGO + 3 * MINUTE, visitor=ANNA, props={"plan": "pro", "seats": 2.5}, revenue=money("0.10")),
        event("Signup", at=AGO, visitor=BERT, props={"plan": "free"}, revenue=money("5", "USD")),
        pageview("/pricing", at=AGO + MINUTE, visitor=BERT),
        pageview("/pricing_x", at=AGO + DAY, visitor=CARL),
        event("Signup", at=AGO, visitor="", revenue=money("7")),
    )
    await decided(world.database_url, site(SITE))
    return world


async def rows(world: World, **parameters: Any) -> dict[str, tuple[int, int, float]]:
    answer = await world.ask("goals", **(MONTH | parameters))
    return {row["definition"]["goal"]: (row["visitors"], row["conversions"], row["rate"]) for row in answer["goals"]}


async def test_a_goal_that_is_defined_today_shows_last_month(shop: World):
    await decided(shop.database_url, goal("pricing", PRICING), goal("signup", SIGNUP), goal("paid", PAID))
    assert await rows(shop) == {"pricing": (3, 3, 100.0), "signup": (2, 4, 66.7), "paid": (1, 2, 33.3)}
    assert await rows(shop, period="today") == {"pricing": (0, 0, 0.0), "signup": (0, 0, 0.0), "paid": (0, 0, 0.0)}
    assert await rows(shop, filter="source:letter") == {
        "pricing": (1, 1, 100.0),
        "signup": (1, 2, 100.0),
        "paid": (1, 2, 100.0),
    }
    page = await shop.ask("goals/signup", **MONTH)
    assert sum(point["conversions"] for point in page["points"]) == 3
    reached = [(point["start"][:10], point["visitors"]) for point in page["points"] if point["visitors"]]
    assert reached == [(f"{AGO:%Y-%m-%d}", 2)]


async def test_a_goal_is_worth_an_amount_or_the_events_revenue_by_currency(shop: World):
    await decided(
        shop.database_url,
        goal("sale", SIGNUP, counts_revenue=True),
        goal("fixed", PAID, amount=money("0.1", "NOK")),
        goal("nothing", PRICING),
    )
    answer = await shop.ask("goals", **MONTH)
    worth = {row["definition"]["goal"]: row["value"] for row in answer["goals"]}
    euro, dollar = {"currency": "EUR", "amount": "57.00"}, {"currency": "USD", "amount": "5"}
    assert worth == {"sale": [euro, dollar], "fixed": [{"currency": "NOK", "amount": "0.2"}], "nothing": []}
    kept = await shop.ask("goals/sale", filter="country:NO", **MONTH)
    assert kept["goal"]["value"] == [{"currency": "EUR", "amount": "50.00"}]
    assert [point["value"] for point in kept["points"] if point["value"]] == [[{"currency": "EUR", "amount": "50.00"}]]


async def test_a_goal_is_told_by_what_visits_have(shop: World):
    await decided(shop.database_url, goal("signup", SIGNUP, counts_revenue=True))
    answer = await shop.ask("goals/signup/breakdown/country", **MONTH)
    found = {row["value"]: (row["visitors"], row["conversions"], row["rate"]) for row in answer["rows"]}
    assert found == {"NO": (1, 2, 100.0), "": (1, 1, 50.0)}
    assert [row["worth"][0]["currency"] for row in answer["rows"]] == ["EUR", "USD"]
    cut = await shop.ask("goals/signup/breakdown/country", limit=1, **MONTH)
    assert (len(cut["rows"]), cut["more"]) == (1, True)
    rest = await shop.ask("goals/signup/breakdown/country", limit=1, offset=1, **MONTH)
    assert ([*cut["rows"], *rest["rows"]], rest["more"]) == (answer["rows"], False)
    assert (await shop.ask("goals/signup/breakdown/country", limit=1, offset=5, **MONTH))["more"] is False
    assert (await shop.ask("goals/signup/breakdown/utm_source", **MONTH))["rows"][0]["value"] == "letter"
    for dimension in ("page", "event", "goal", "nothing"):
        assert (await shop.get(f"/api/stats/{SITE}/goals/signup/breakdown/{dimension}")).status_code == 404


async def test_a_filter_by_a_goal_keeps_the_visits_that_reached_it_in_every_answer(shop: World):
    await decided(shop.database_url, goal("signup", SIGNUP), goal("paid", PAID), goal("pricing", PRICING))
    for filters, visitors, pageviews in (
        (["goal:signup"], 2, 3),
        (["goal:paid"], 1, 2),
        (["goal!:paid"], 2, 2),
        (["goal:paid", "goal:signup"], 2, 3),
        (["goal:pricing", "goal!:signup"], 1, 1),
        (["goal!:pricing", "goal!:signup"], 0, 0),
        (["goal:signup", "country:NO"], 1, 2),
        (["goal:signup", "page:/pricing"], 1, 1),
    ):
        answer = await shop.ask("overview", filter=filters, **MONTH)
        assert (answer["visitors"], answer["pageviews"]) == (visitors, pageviews), filters
    assert await shop.values("source", filter="goal:paid", **MONTH) == {"letter": 1}
    series = await shop.ask("timeseries", filter="goal:paid", **MONTH)
    assert sum(point["value"] for point in series["points"]) == 1
    csv = await shop.get(f"/api/stats/{SITE}/breakdown/source.csv", filter="goal:paid", **MONTH)
    assert csv.text.splitlines()[1].startswith("letter,1,")
    assert "Remove the filter Goal is paid" in await shop.page(filter="goal:paid", **MONTH)
    typed = await shop.get(f"/sites/{SITE}", filter_by="goal", filter_how="", filter_value="paid", **MONTH)
    assert (typed.status_code, "filter=goal:paid" in typed.headers["location"]) == (303, True)
    assert await rows(shop, filter="goal:paid") == {"paid": (1, 2, 100.0), "pricing": (1, 1, 100.0), "signup": (1, 2, 100.0)}


async def test_a_withdrawn_goal_is_gone_and_comes_back_with_a_version_more(shop: World):
    first = goal("signup", SIGNUP)
    await decided(shop.database_url, first)
    before = await shop.ask("goals/signup", **MONTH)
    await decided(shop.database_url, withdrawn(first))
    assert await rows(shop) == {}
    for path in ("goals/signup", "goals/never", "goals/signup/breakdown/source", "funnels/signup", "goals/a%20b", "goals/%00"):
        gone = await shop.get(f"/api/stats/{SITE}/{path}")
        assert gone.status_code == 404, path
        assert gone.json()["field"] == path.partition("s/")[0]
    for short in ("signup", "never", "", "'; DROP TABLE hits; --"):
        wrong = await shop.get(f"/api/stats/{SITE}/overview", filter=f"goal:{short}")
        assert (wrong.status_code, wrong.json()["field"]) == (400, "filter")
        assert "DROP" not in wrong.text
    await decided(shop.database_url, goal("signup", PRICING, version=3))
    after = await shop.ask("goals/signup", **MONTH)
    versions = [answer["goal"]["definition"]["version"] for answer in (before, after)]
    assert (versions, after["goal"]["visitors"]) == ([1, 3], 3)
    assert after["goal"]["definition"]["seq"] > before["goal"]["definition"]["seq"]


async def test_a_property_is_compared_as_it_is_meant(shop: World):
    seats = (
        (PropertyTest.IS, "10", 1),
        (PropertyTest.IS, "10.0", 1),
        (PropertyTest.IS, "pro", 0),
        (PropertyTest.IS_NOT, "10", 1),
        (PropertyTest.CONTAINS, ".", 1),
        (PropertyTest.AT_LEAST, "2.5", 2),
        (PropertyTest.AT_LEAST, "3", 1),
        (PropertyTest.AT_MOST, "9.99", 1),
        (PropertyTest.OTHER, "10", 0),
    )
    asked = [PropertyCondition(name="seats", value=value, test=test) for test, value, _ in seats]
    goals = [goal(f"g{number}", Condition(event="Signup", props=(each,))) for number, each in enumerate(asked)]
    await decided(shop.database_url, *goals)
    assert [numbers[1] for numbers in (await rows(shop)).values()] == [times for _, _, times in seats]


async def test_only_a_star_stands_for_anything(shop: World):
    fitting = {
        "/pricing": 1,
        "/pricing*": 3,
        "/pricing/*": 1,
        "/*": 3,
        "/p%": 0,
        "/pricing_": 0,
        "/*_x": 1,
        "/p*g*": 3,
        "/!": 0,
    }
    goals = [goal(f"g{number}", Condition(page=pattern)) for number, pattern in enumerate(fitting)]
    await decided(shop.database_url, *goals)
    assert [numbers[0] for numbers in (await rows(shop)).values()] == list(fitting.values())


async def test_a_funnel_that_is_defined_today_shows_how_far_people_came_last_month(shop: World):
    await decided(
        shop.database_url, funnel("sales", PRICING, SIGNUP, SIGNUP), funnel("quick", PRICING, SIGNUP, window_seconds=60)
    )
    answer = await shop.ask("funnels/sales", **MONTH)
    taken = [(step["label"], step["visitors"], step["of_first"], step["dropped"]) for step in answer["steps"]]
    assert taken == [("/pricing*", 3, 100.0, 2), ("Signup", 1, 33.3, 0), ("Signup", 1, 33.3, 0)]
    assert (answer["visitors"], answer["rate"], answer["definition"]["version"]) == (3, 33.3, 1)
    assert "one UTC day" in answer["known_for"]
    listed = await shop.ask("funnels", **MONTH)
    assert [one["funnel"] for one in listed["funnels"]] == ["quick", "sales"]
    assert [step["visitors"] for step in (await shop.ask("funnels/quick", **MONTH))["steps"]] == [3, 1]
    assert [step["visitors"] for step in (await shop.ask("funnels/sales", filter="country:NO", **MONTH))["steps"]] == [1, 1, 1]


async def test_one_tenants_goals_are_nobody_elses(shop: World):
    await decided(shop.database_url, tenant("rival"), site(SITE, of_tenant="rival"))
    await decided(
        shop.database_url, goal("theirs", SIGNUP, of_tenant="rival"), funnel("theirs", PRICING, SIGNUP, of_tenant="rival")
    )
    assert await rows(shop) == {}
    for path in ("goals/theirs", "funnels/theirs"):
        assert (await shop.get(f"/api/stats/{SITE}/{path}")).status_code == 404
    assert (await shop.get(f"/api/stats/{SITE}/overview", filter="goal:theirs")).status_code == 400
