"""In a real browser the pages of the control plane fit a phone, and whoever cannot see them is told what each field is."""

import pytest
from playwright.async_api import Browser

from contracts.control.sites import NameUse
from tests.projections.control.deciding import archived, decided, issued, joined, named, new_key, site, tenant
from tests.projections.dashboard.test_live_page import dashboard, tab

pytestmark = pytest.mark.asyncio(loop_scope="session")
LONG = "long-name-" * 6 + "x"
PAGES = ("/", "/sites/shop.example/settings", "/sites/old.example/settings", "/keys", "/members", "/tenants", "/join")
# Every field has a label of its own, every button and summary says something, and no id stands twice.
MISTAKES = """() => [
  ...[...document.querySelectorAll('input:not([type=hidden]), select, textarea')].filter((one) => !one.labels.length),
  ...[...document.querySelectorAll("button, summary, label, legend")].filter((one) => !one.innerText.trim() && !one.ariaLabel),
  ...[...document.querySelectorAll('[id]')].filter((one) => document.querySelectorAll('#' + CSS.escape(one.id)).length > 1),
  ...[...document.querySelectorAll('[aria-describedby], [aria-labelledby]')].filter((one) =>
    !document.getElementById(one.getAttribute('aria-describedby') ?? one.getAttribute('aria-labelledby'))),
  ...(document.querySelectorAll('h1').length == 1 ? [] : [document.body]),
].map((one) => one.outerHTML.slice(0, 120))"""


async def test_every_page_fits_a_phone_and_says_what_its_fields_are(postgres_url: str, browser: Browser):
    window = {"width": 360, "height": 740}
    async with (
        dashboard(postgres_url) as (_, url),
        tab(browser, viewport=window, java_script_enabled=False, color_scheme="dark") as page,
    ):
        shop, old = site("shop.example", label="Shop " + LONG), site("old.example")
        names = named(shop, f"{LONG}.{LONG}.example", NameUse.DOMAIN)
        await decided(postgres_url, tenant("main", LONG), tenant(LONG), shop, *names, old, archived(old))
        await decided(postgres_url, issued("k", new_key("k"), label=LONG), joined("m")[0])
        for path in PAGES:
            await page.goto(url + path)
            for summary in await page.locator("details > summary").all():
                await summary.click()
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert await page.evaluate(MISTAKES) == [], path
