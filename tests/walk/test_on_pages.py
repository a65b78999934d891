"""The control plane by its pages alone: add a site before anybody is a member, join, issue a key, decide without scripts."""

import re
import urllib.request
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from contracts.snippet import snippet
from tests.running import HIT, Up, eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAME, PASSWORD = "Kim Doe", "four words of the walk"
PATIENCE_MS = 30_000


async def test_an_owner_joins_adds_a_site_issues_a_key_and_signs_out(up, browser: Browser):
    running: Up = up().wait_until_ready()
    address = f"http://127.0.0.1:{running.port}"
    eventually(lambda: links_in(running), "the link is printed")
    (link,) = links_in(running)
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)

    await page.goto(address)
    await page.get_by_label("Add a site").fill("first.example")
    await page.get_by_role("button", name="Add it").click()
    await page.wait_for_url(f"{address}/sites/first.example")

    await join(page, link, address)
    await page.get_by_label("Add a site").fill("Shop.Example")
    await page.get_by_role("button", name="Add it").click()
    await page.wait_for_url(f"{address}/sites/shop.example")
    await expect(page.locator("#snippet")).to_have_text(snippet("shop.example", address), timeout=PATIENCE_MS)

    await page.goto(address)
    await page.get_by_label("Add a site").fill("no name")
    await page.get_by_role("button", name="Add it").click()
    await expect(page.get_by_role("alert")).to_contain_text("Send a name such as shop.example", timeout=PATIENCE_MS)

    key = await issue_key(page, address)
    assert send(address, key) < 300
    await context.close()

    plain = await browser.new_context(java_script_enabled=False)
    await decide_without_scripts(await plain.new_page(), address)
    await plain.close()
    assert PASSWORD not in running.output.read_text()
    assert running.stop() == 0


def links_in(running: Up) -> list[str]:
    return re.findall(r"http://127\.0\.0\.1:\d+/join#\S+", running.output.read_text())


async def join(page: Page, link: str, address: str) -> None:
    await page.goto(link)
    assert urlsplit(page.url).fragment == "", "the invitation is taken out of the address bar"
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Join").click()
    await page.wait_for_url(re.compile(rf"{address}/(\?after=\d+)?$"))
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=PATIENCE_MS)


async def issue_key(page: Page, address: str) -> str:
    """Return the key that is shown once."""
    await page.goto(f"{address}/keys")
    await page.get_by_label("What it is for").fill("Back end")
    await page.get_by_role("button", name="Issue the key").click()
    key = await page.locator("#shown").text_content()
    await page.get_by_role("link", name="Done").click()
    await expect(keys_called(page, "Back end")).to_have_count(1, timeout=PATIENCE_MS)
    assert key is not None
    assert key not in await page.content()
    await page.goto(f"{address}/members")
    await expect(page.locator("[data-member]")).to_have_text(NAME, timeout=PATIENCE_MS)
    return key


def keys_called(page: Page, label: str) -> Locator:
    return page.locator("li b").filter(has_text=label)


def send(address: str, key: str) -> int:
    headers = {"Content-Type": "application/json", "X-API-Key": key}
    request = urllib.request.Request(f"{address}/api/event", data=HIT, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


async def decide_without_scripts(page: Page, address: str) -> None:
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(f"{address}/sites/shop.example/settings")
    for password, seen in (("not the right words", "Nobody is signed in"), (PASSWORD, "The line for your pages")):
        await page.get_by_label("Name").fill(NAME)
        await page.get_by_label("Password").fill(password)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name=seen)).to_be_visible(timeout=PATIENCE_MS)
        if password != PASSWORD:
            await page.get_by_role("link", name="Back").click()
    await page.get_by_label("Title on pages").fill("The shop")
    await page.get_by_role("button", name="Save the title").click()
    await expect(page.get_by_label("Title on pages")).to_have_value("The shop", timeout=PATIENCE_MS)
    await page.get_by_label("Pages, a line each").fill("/admin/*\n/draft")
    await page.get_by_role("button", name="Save what is left out").click()
    await expect(page.get_by_label("Pages, a line each")).to_have_value("/admin/*\n/draft", timeout=PATIENCE_MS)
    await page.goto(f"{address}/keys")
    await page.locator("details.more > summary").first.click()
    await page.get_by_role("button", name="Replace it by a new key").click()
    await expect(page.locator("#shown")).to_have_value(re.compile("^ck_"), timeout=PATIENCE_MS)
    await page.get_by_role("link", name="Go on").click()
    await expect(keys_called(page, "Back end")).to_have_count(2, timeout=PATIENCE_MS)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=PATIENCE_MS)
    await page.goto(address)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=PATIENCE_MS)
