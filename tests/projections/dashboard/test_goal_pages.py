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


async def test_the_page_of_actions_shows_who_came_back(world: World):
    teller, week = Teller(world.database_url, PRODUCT), timedelta(days=7)
    await teller.tell(
        *(action(at=NOW - number * week, site=SITE) for number in (0, 2)), action(at=NOW - 2 * week, site=SITE, subject=DORA)
    )
    await teller.close()
    await decided(world.database_url, site(SITE))
    table = (await world.page(f"/sites/{SITE}/actions")).partition('id="table-retention"')[2].partition("</section>")[0]
    assert [cell.partition("</td>")[0] for cell in table.split('<td class="number">')[1:]] == ["2", "100%", "0%", "50%"]
