"""On paper a page says what its numbers are about; in forced colours and without a font for flags nothing is lost."""

import pytest
from playwright.async_api import Browser, Page, expect

from contracts.events import Place
from tests.projections.dashboard.test_live_page import dashboard, just_now, tab

pytestmark = pytest.mark.asyncio(loop_scope="session")
# Fonts differ between machines: what a browser is told of the width of letters decides, so the test tells it.
ONE_SIGN = "CanvasRenderingContext2D.prototype.measureText = () => ({width: 10})"
TWO_LETTERS = "CanvasRenderingContext2D.prototype.measureText = (letters) => ({width: letters.length})"
STYLE = "(one, name) => getComputedStyle(one)[name]"


async def test_paper_has_the_site_the_period_the_filters_and_nothing_to_press(postgres_url: str, browser: Browser):
    async with dashboard(postgres_url) as (world, url), tab(browser, color_scheme="dark") as page:
        await world.tell(just_now("/pricing", place=Place(country="NO")))
        address = "/sites/example.org?period=30d&filter=country:NO&show=exit_page&timezone=Europe/Oslo"
        await page.goto(url + address)
        await page.locator("#custom > summary").click()
        await page.emulate_media(media="print")
        said = " ".join((await page.locator("body").inner_text()).split())
        for words in (
            "example.org",
            "30 days",
            "Europe/Oslo",
            "Humans",
            "Country is Norway",
            "Exit",
            "/pricing",
            "event counted",
        ):
            assert words in said, words
        for words in ("Today", "Entry", "Show all", "CSV", "Show these days", "Skip to", "What the numbers mean"):
            assert words not in said, words
        assert await page.locator("button:visible, input:visible, .chip a:visible").count() == 0
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)", "paper is white, whatever the screen is"
        for path in ("/", "/sites/example.org/page", "/sites/example.org/logs"):
            await page.goto(url + path)
            await page.emulate_media(media="print")
            assert "example.org" in await page.locator("body").inner_text(), path


async def test_in_forced_colours_what_is_open_looks_unlike_the_rest(postgres_url: str, browser: Browser):
    async with dashboard(postgres_url) as (world, url), tab(browser, forced_colors="active", color_scheme="dark") as page:
        await world.tell(just_now("/pricing"))
        await page.goto(f"{url}/sites/example.org")
        for group in (".segments", "#panel-sources .tabs"):
            looks = {await look(page, f"{group} a:not([aria-current]) >> nth={number}") for number in range(2)}
            assert await look(page, f"{group} a[aria-current] >> nth=0") not in looks, group
            assert len(looks) == 1
        tabs = page.locator("#panel-sources .tabs a:not([aria-current])").first
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert await tabs.evaluate(STYLE, "borderBottomColor") == ground, "no line under what is not open"
        assert await page.locator(".tile[aria-current]").evaluate(STYLE, "outlineStyle") == "solid"
        assert await page.locator(".share rect").first.evaluate(STYLE, "fill") == "none"


async def look(page: Page, which: str) -> tuple[str, str]:
    one = page.locator(which)
    return await one.evaluate(STYLE, "backgroundColor"), await one.evaluate(STYLE, "color")


@pytest.mark.parametrize(("font", "shown"), [(ONE_SIGN, "0px"), (TWO_LETTERS, "11.375px"), ("", "11.375px")])
async def test_a_country_has_its_flag_where_the_browser_draws_one_and_else_its_letters(
    postgres_url: str, browser: Browser, font: str, shown: str
):
    async with dashboard(postgres_url) as (world, url), tab(browser, java_script_enabled=bool(font)) as page:
        if font:
            await page.add_init_script(font)
        await world.tell(just_now(place=Place(country="NO", region="NO-03")))
        for address in ("/sites/example.org", "/sites/example.org/country", "/sites/example.org?show=region"):
            await page.goto(url + address)
            flag = page.locator(".flag").first
            await expect(flag).to_have_text("NO")
            await expect(flag).to_have_css("font-size", shown)
            assert (
                await flag.get_attribute("data-flag")
                == "\N{REGIONAL INDICATOR SYMBOL LETTER N}\N{REGIONAL INDICATOR SYMBOL LETTER O}"
            )


@pytest.mark.parametrize("width", [390, 1280])
async def test_no_strip_of_choices_hides_any(postgres_url: str, browser: Browser, width: int):
    async with dashboard(postgres_url) as (world, url), tab(browser, viewport={"width": width, "height": 800}) as page:
        await world.tell(just_now())
        await page.goto(f"{url}/sites/example.org")
        strips = await page.locator(".segments, .tabs, .places").all()
        assert strips
        for strip in strips:
            assert await strip.evaluate(
                "(one) => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight + 1"
            )
