"""No page has anything that axe-core finds fault with: light, dark, on a phone, and in forced colours."""

from collections.abc import Mapping
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page

from tests.projections.dashboard.every_page import (
    FULL,
    IN_OTHER_STATES,
    OF_NOBODY,
    OF_THE_EMPTY,
    PAGES,
    as_a_member,
    installation,
)
from tests.projections.dashboard.test_live_page import tab

pytestmark = pytest.mark.asyncio(loop_scope="session")
# Every rule, those that axe-core leaves out by itself too, but for two that ask for more than WCAG's level AA: seven to one in
# contrast, and a link text of its own for every place that a link leads to.
BEYOND = {"color-contrast-enhanced", "identical-links-same-purpose"}
# What a page says is the same in every light and at every width; these ask how it looks.
OF_LOOKS = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable", "css-orientation-lock"]
WIDE = {"width": 1280, "height": 800}
WAYS: dict[str, dict[str, Any]] = {
    "dark": {"media": {"color_scheme": "dark"}},
    "forced colours": {"media": {"color_scheme": "dark", "forced_colors": "active"}},
    "phone": {"viewport": {"width": 360, "height": 740}},
}
# Those that are looked at in every way with every change; all of them are by `make long`.
SAMPLE = ("/", FULL, "/keys", "/login")
FAULTS = """async (rules) => {
  const found = await axe.run(document, {runOnly: {type: "rule", values: rules}, resultTypes: ["violations"]});
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`));
}"""
OPEN = "for (const one of document.querySelectorAll('details')) one.open = true"


@pytest.mark.parametrize("in_ways", [SAMPLE, pytest.param((*PAGES, *OF_NOBODY), marks=pytest.mark.long)], ids=["sample", "all"])
async def test_axe_core_finds_nothing_on_any_page(postgres_url: str, browser: Browser, in_ways: tuple[str, ...]):
    wrong: list[str] = []
    async with installation(postgres_url) as (_, url):
        async with as_a_member(browser, url, viewport=WIDE) as page:
            for path in (*PAGES, *IN_OTHER_STATES):
                wrong += await faults(page, url + path, WAYS if path in in_ways else {})
        async with as_a_member(browser, url, of="empty", viewport=WIDE) as page:
            for path in OF_THE_EMPTY:
                wrong += await faults(page, url + path, WAYS if path in in_ways else {})
        async with tab(browser, patient=True, viewport=WIDE) as page:
            for path in OF_NOBODY:
                wrong += await faults(page, url + path, WAYS if path in in_ways else {})
    assert not wrong, "\n".join(wrong)


async def faults(page: Page, address: str, ways: Mapping[str, Mapping[str, Any]]) -> list[str]:
    await page.emulate_media(color_scheme="light", forced_colors="none")
    await page.set_viewport_size(WIDE)
    await page.goto(address)
    await page.evaluate(OPEN)
    await page.evaluate(AXE_SCRIPT)
    every = await page.evaluate("axe.getRules().map((rule) => rule.ruleId)")
    found = {"light": await page.evaluate(FAULTS, [rule for rule in every if rule not in BEYOND])}
    for way, look in ways.items():
        await page.emulate_media(**{"color_scheme": "light", "forced_colors": "none", **look.get("media", {})})
        await page.set_viewport_size(look.get("viewport", WIDE))
        await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        found[way] = await page.evaluate(FAULTS, OF_LOOKS)
    return [f"{address}, {way}: {one}" for way, those in found.items() for one in those]
