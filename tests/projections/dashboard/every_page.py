"""One installation in which every page has something to show, and the list of these pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Browser, Page

from contracts.control.goals import Condition, PropertyCondition, PropertyTest
from contracts.events import App, BotRule, Channel, Device, DeviceKind, LogKind, Money, Place, Source
from contracts.sessions import COOKIE as SESSION_COOKIE
from contracts.tallies import Ending
from projections.projections import LOGS, PRODUCT
from projections.query.access import TENANT_COOKIE
from tests.facts import engagement, event, pageview
from tests.facts_product import action
from tests.projections.control.deciding import (
    archived,
    decided,
    funnel,
    goal,
    issued,
    joined,
    named,
    new_key,
    site,
    started,
    tenant,
)
from tests.projections.dashboard.test_live_page import dashboard, tab
from tests.projections.log_lines import line
from tests.projections.query.world import World
from tests.projections.tallies.telling import head, kept, part
from tests.projections.tallies.telling import line as ended
from tests.projections.world import Teller
from tests.turns import completed, failed, step, vote

SHOP, TOKEN, COOKIE = "shop.example", "a-token-for-the-test", "cookie-of-everybody's-owner"
FULL = f"/sites/{SHOP}"
# One of each kind, for a member who has opened everything; and the same pages in other states.
PAGES = (
    *("/", FULL, f"{FULL}/country?filter=country:NO", f"{FULL}/turns", f"{FULL}/logs", f"/minigem/dashboard/?site={SHOP}"),
    *(f"{FULL}/engagement", f"{FULL}/properties", f"{FULL}/prop:plan", f"{FULL}/revenue"),
    *(f"{FULL}/goals", f"{FULL}/goals/signup", f"{FULL}/funnels"),
    *(f"{FULL}/ledger", "/ledger", f"{FULL}/about/visitors"),
    *(f"{FULL}/settings", "/sites/new.example", f"{FULL}/nothing", "/keys", "/members", "/tenants", "/you"),
)
IN_OTHER_STATES = (
    *(f"{FULL}?period=today&who=all&show=bot&show=region", f"{FULL}?filter=page:/none&filter=country:NO&metric=bounce_rate"),
    *(f"{FULL}?period=custom&from=2020-01-02&to=2020-01-01", f"{FULL}/utm_content?who=bot", f"{FULL}/actions"),
    *(f"{FULL}/revenue/prop:plan?filter=country:NO", f"{FULL}/properties?who=bot"),
    *(f"{FULL}?filter=goal:signup", "/sites/seen.example/goals", "/sites/seen.example/funnels"),
    *(f"{FULL}?compare=previous&period=30d&interval=week&timezone=Asia/Kathmandu&filter=page!~:zz",),
    *(
        f"{FULL}/page?compare=year&sort=value&search=p",
        f"{FULL}/page?filter_by=page&filter_how=*&filter_value=",
        f"{FULL}/page?offset=900",
    ),
    *(f"{FULL}/logs?name=nothing", "/sites/old.example/settings", "/sites/seen.example/settings", "/?after=99"),
)
# Those that somebody at the door sees, and a member of a tenant that has nothing yet.
OF_NOBODY = ("/login", "/join")
OF_THE_EMPTY = ("/",)


@asynccontextmanager
async def installation(database_url: str) -> AsyncIterator[tuple[World, str]]:
    """Serve a dashboard whose pages all have something to show."""
    async with dashboard(database_url, access_token=TOKEN) as (world, url):
        now = datetime.now(UTC)
        await _decide(database_url, now)
        await world.tell(*_web(now))
        await world.tell_turns(
            *(completed(f"t{number}", 90 * number, at=now, site=SHOP, model="gpt-4") for number in range(1, 9)),
            *(failed("t9", "timeout", at=now, site=SHOP), step("mail", "draft", at=now, site=SHOP)),
            *(vote("t1", 1, at=now, site=SHOP, comment="Good"), vote("t2", -1, at=now, site=SHOP)),
        )
        app = App(version="1.2.3", os="linux-x64", host="vscode", host_version="1.9")
        done = [action(name, at=now, site=SHOP, app=app) for name in ("java.run.started", "java.run.completed", "saved")]
        await _tell(Teller(database_url, PRODUCT), *done)
        lines = [
            line(
                "broke",
                at=now,
                site=SHOP,
                kind=LogKind.ERROR,
                props={"stack": "at line 3"},
                subject="a1" * 16,
                session="c3" * 16,
            )
        ]
        await _tell(Teller(database_url, LOGS), *lines, *(line(f"line {number}", at=now, site=SHOP) for number in range(60)))
        dropped = [ended(14, Ending.DROPPED, "unknown_site", site="shop.exmaple"), ended(1, Ending.DROPPED, "unknown_site")]
        await kept(database_url, head(), part(*dropped))
        yield world, url
        await world.of_turns.close()


@asynccontextmanager
async def as_a_member(browser: Browser, url: str, *, of: str = "main", **context: Any) -> AsyncIterator[Page]:
    """Open a tab in which an owner of everything is signed in, who looks at the tenant *of*."""
    names = {SESSION_COOKIE: COOKIE, TENANT_COOKIE: of}
    cookies: Any = [{"name": name, "value": value, "url": url} for name, value in names.items()]
    async with tab(browser, patient=True, **context) as page:
        await page.context.add_cookies(cookies)
        yield page


async def _decide(database_url: str, now: datetime) -> None:
    shop, old = site(SHOP, label="The shop", timezone="Europe/Oslo"), site("old.example")
    await decided(database_url, tenant("main", "Ours"), tenant("empty"), shop, *named(shop, "www.shop.example"))
    await decided(database_url, site("new.example"), old, archived(old), issued("k", new_key("k"), label="Back end"))
    signup = Condition(event="Signup", props=(PropertyCondition(name="plan", value="pro", test=PropertyTest.IS_NOT),))
    await decided(database_url, goal("signup", Condition(event="Signup"), of_site=SHOP), goal("unpaid", signup, of_site=SHOP))
    await decided(database_url, *(funnel(name, Condition(page="/p*"), signup, of_site=SHOP) for name in ("sales", "other")))
    await decided(database_url, *joined("owner"), *joined("other"), started(COOKIE, "owner", until=now + timedelta(days=1)))


def _web(now: datetime) -> list[Any]:
    devices = [Device(kind=kind, browser=browser, os="Linux") for kind, browser in zip(DeviceKind, "ABCDEF", strict=False)]
    visits = [
        pageview(
            f"/page-{number % 14}",
            at=now - timedelta(hours=9 * number, minutes=1),
            site=SHOP,
            visitor=f"{number:02x}" * 16,
            place=Place(country=("NO", "DE", "US", "")[number % 4], region="NO-03" if number % 4 == 0 else ""),
            source=Source(
                name=("Google", "Direct", "news")[number % 3], channel=Channel.ORGANIC_SEARCH, utm_term=f"t{number % 3}"
            ),
            device=devices[number % len(devices)],
        )
        for number in range(60)
    ]
    robot = {"bot": BotRule.CRAWLER, "bot_name": "Googlebot", "visitor": "fe" * 16}
    return [
        *visits,
        *(
            event("Signup", at=now, site=SHOP, props={"plan": "pro"}, revenue=Money(amount="9.90", currency="EUR")),
            engagement(9000, at=now, site=SHOP, scroll_percent=60),
            pageview("/robot", at=now, site=SHOP, **robot),
            pageview(at=now, site="seen.example"),
        ),
    ]


async def _tell(teller: Teller, *facts: Any) -> None:
    await teller.tell(*facts)
    await teller.close()
