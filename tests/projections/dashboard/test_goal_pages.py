"""The pages of goals and funnels show what the API answers, and their forms to those alone who may decide."""

from datetime import timedelta
from html import unescape

from contracts.control.goals import Condition, PropertyCondition, PropertyTest
from contracts.control.people import Grant, Role
from contracts.events import Source
from contracts.events.envelope import Money
from projections.projections import PRODUCT
from projections.query.access import SESSION_COOKIE
from tests.facts import BERT, event, pageview
from tests.facts_product import DORA, action
from tests.projections.control.deciding import decided, funnel, goal, joined, site, started
from tests.projections.query.world import NOW, SITE, World
from tests.projections.world import Teller

HOSTILE = "<script>alert(1)</script>"
MINUTE = timedelta(minutes=1)
ALL_PLANS = (PropertyCondition(name="plan", value=HOSTILE, test=PropertyTest.IS_NOT),)


async def test_goals_are_shown_with_their_definition_and_one_by_where_its_visitors_came_from(world: World):
    await world.tell(
        pageview("/pricing", at=NOW - 9 * MINUTE, source=Source(name="letter")),
        event("Buy", at=NOW - 8 * MINUTE, props={"plan": "pro"}, revenue=Money(amount="1234.50", currency="EUR")),
        pageview("/", at=NOW - 9 * MINUTE, visitor=BERT),
    )
    named = {"name": HOSTILE, "counts_revenue": True}
    await decided(world.database_url, site(SITE), goal("buy", Condition(event="Buy", props=ALL_PLANS), **named))
    page = await world.page(f"/sites/{SITE}/goals", period="today")
    assert HOSTILE not in page
    for shown in (
        "1,234.50 EUR",
        "50%",
        "Event Buy where plan is not &lt;script&gt;",
        'href="/sites/example.org/goals/buy?period=today"',
    ):
        assert shown in page, shown
    one = await world.page(f"/sites/{SITE}/goals/buy", period="today", show="source")
    assert HOSTILE not in one
    assert "<span>letter</span>" in one
    assert "filter=goal:buy" in one
    assert 'href="/sites/example.org/goals"' in await world.page(f"/sites/{SITE}"), "a tab of the site's page"
    kept = "?period=30d&timezone=Europe/Oslo&compare=year&filter=page:/pricing"
    for path in ("", "/engagement", "/goals", "/goals/buy", "/funnels"):
        shown = unescape(await world.page(f"/sites/{SITE}{path}{kept}"))
        for tab in ("engagement", "revenue", "goals", "funnels"):
            assert f'href="/sites/example.org/{tab}{kept}"' in shown, (path, tab)
    for path in ("goals/none", "funnels/none"):
        assert (await world.get(f"/sites/{SITE}/{path}")).status_code == 404


async def test_a_funnel_is_shown_step_by_step_with_what_it_cannot_see(world: World):
    await world.tell(
        *(pageview("/pricing", at=NOW - 9 * MINUTE, visitor=visitor) for visitor in (BERT, "c3" * 16)),
        event("Buy", at=NOW - 8 * MINUTE, visitor=BERT),
    )
    await decided(world.database_url, site(SITE))
    empty = await world.page(f"/sites/{SITE}/funnels")
    assert "The site has no funnels yet." in empty
    steps = Condition(page="/pricing"), Condition(event="Buy")
    await decided(world.database_url, funnel("sales", *steps), funnel("quick", *steps, window_seconds=60))
    page = await world.page(f"/sites/{SITE}/funnels/sales", period="today")
    for shown in ("1. /pricing", "2. Buy", "50%", "within 1 day of the first", "one UTC day", "no retention of them is shown"):
        assert shown in page, shown
    assert "within 1 minute of" in await world.page(f"/sites/{SITE}/funnels", period="today"), "the first by name"


async def test_only_who_may_change_a_site_finds_the_forms(world: World):
    await world.tell(pageview(at=NOW), pageview(at=NOW, site="other.example"))
    grants, short = {"editor": Role.EDITOR, "viewer": Role.VIEWER}, {"goals": "a", "funnels": "f"}
    await decided(
        world.database_url, site(SITE), goal("a", Condition(page="/")), funnel("f", Condition(page="/"), Condition(page="/"))
    )
    assert "Add this site" in await world.page("/sites/other.example/goals")
    for name, role in grants.items():
        await decided(world.database_url, *joined(name, Grant(role=role, tenant="main")), started(name, name))
        world.client.cookies.set(SESSION_COOKIE, name)
        for kind, name_of_it in short.items():
            page = await world.page(f"/sites/{SITE}/{kind}")
            forms = [f'action="/v1/admin/sites/{SITE}/{kind}{end}"' in page for end in ("", f"/{name_of_it}/withdraw")]
            assert forms == [role is Role.EDITOR] * 2, (name, kind)


async def test_goals_and_funnels_are_compared_on_their_pages(world: World):
    week = timedelta(days=7)
    await world.tell(
        pageview("/pricing", at=NOW - 9 * MINUTE),
        pageview("/pricing", at=NOW - week - 9 * MINUTE, visitor=BERT),
        event("Buy", at=NOW - week - 8 * MINUTE, visitor=BERT),
    )
    steps = Condition(page="/pricing"), Condition(event="Buy")
    await decided(world.database_url, site(SITE), goal("price", steps[0]), goal("buy", steps[1]), funnel("sales", *steps))
    goals = await world.page(f"/sites/{SITE}/goals", compare="previous", period="7d")
    assert "no change" in goals
    assert "before: 100%" in goals
    assert 'id="compare"' in goals
    one = await world.page(f"/sites/{SITE}/goals/buy", compare="previous", period="7d", show="source")
    assert 'class="legend muted"' in one
    assert "before: 1<" in one
    funnels = await world.page(f"/sites/{SITE}/funnels/sales", compare="previous", period="7d")
    assert "Before: 100% of 1 visitor." in funnels
    assert "before: 1<" in funnels
    for path in ("goals", "goals/buy", "funnels/sales"):
        assert "before:" not in await world.page(f"/sites/{SITE}/{path}", period="7d")
        wrong = await world.get(f"/sites/{SITE}/{path}", compare="custom", compare_from="x", compare_to="y")
        assert (wrong.status_code, "First day to compare with" in wrong.text) == (400, True)


def form_in(page: str, action: str) -> str:
    return page.partition(f'action="{action}"')[2].partition("</form>")[0]


async def test_a_form_shows_what_a_goal_or_a_funnel_is_and_its_version(world: World):
    await world.tell(pageview(at=NOW))
    props = (
        PropertyCondition(name="plan", value="pro", test=PropertyTest.IS_NOT),
        PropertyCondition(name="seats", value="10", test=PropertyTest.AT_LEAST),
    )
    money = Money(amount="49.90", currency="EUR")
    await decided(
        world.database_url,
        site(SITE),
        goal("buy", Condition(event="Buy", props=props), amount=money, version=1),
        goal("buy", Condition(event="Buy", props=props), amount=money, version=2, name=HOSTILE),
        goal("odd", Condition(event="Buy", props=(PropertyCondition(name="a=b", value="c"),))),
        funnel("sales", Condition(page="/pricing*"), Condition(event="Buy"), window_seconds=7200),
        funnel("zodd", Condition(page="/"), Condition(event="Buy", props=props)),
    )
    goals = await world.page(f"/sites/{SITE}/goals")
    form = form_in(goals, f"/v1/admin/sites/{SITE}/goals/buy")
    for said in ('value="Buy"', ">plan!=pro\nseats&gt;=10</textarea>", 'value="49.90"', 'value="EUR"', 'value="2"'):
        assert said in form, said
    assert 'name="expected_version" value="2"' in form
    assert "<script>alert" not in form
    assert not form_in(goals, f"/v1/admin/sites/{SITE}/goals/odd"), "a name with a sign in it would be read as another"
    assert "cannot be written in a form" in goals
    form = form_in(await world.page(f"/sites/{SITE}/funnels/sales"), f"/v1/admin/sites/{SITE}/funnels/sales")
    for said in (">/pricing*\nBuy</textarea>", '<option value="7200" selected>', 'name="expected_version" value="1"'):
        assert said in form, said
    assert "cannot be written in a form" in await world.page(f"/sites/{SITE}/funnels/zodd")


async def test_the_page_of_actions_shows_who_came_back(world: World):
    teller, week = Teller(world.database_url, PRODUCT), timedelta(days=7)
    await teller.tell(
        *(action(at=NOW - number * week, site=SITE) for number in (0, 2)), action(at=NOW - 2 * week, site=SITE, subject=DORA)
    )
    await teller.close()
    await decided(world.database_url, site(SITE))
    table = (await world.page(f"/sites/{SITE}/actions")).partition('id="table-retention"')[2].partition("</section>")[0]
    assert [cell.partition("</td>")[0] for cell in table.split('<td class="number">')[1:]] == ["2", "100%", "0%", "50%"]
