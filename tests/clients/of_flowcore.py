"""Flowcore's collector: its test page and its README's snippet in a browser, and the README's curls."""

import os
from pathlib import Path

from playwright.sync_api import Page

from tests.clients.blocks import blocks_of
from tests.clients.browsing import opened, wait_for
from tests.clients.installation import Installation, installed, run
from tests.clients.listening import Exchange, Listener, listening
from tests.running import eventually
from tests.walk.answers import ask, numbers

PAGE = "flow-analytics-collector/test.html"
README = "flow-analytics-collector-f3ddd7f/README.md"
NEEDS = (PAGE, README)
# The page says its own address, and no other can be given.
ITS_PORT = 3005
# The README's first curl has a comma too many; it was answered so there, too.
ANSWERS = ["Bad Request", ""]
FACTS = {"event_recorded.v2": 4, "page_viewed.v2": 6}


def meet(clients: Path) -> tuple[str, list[Exchange]]:
    """Run page, snippet and curls against a fresh installation, and return the key and what was said."""
    with installed("flowcore", site="shop.example") as here, listening(here.address, ITS_PORT) as between:
        on_the_test_page(clients / PAGE, between)
        snippet(clients / README, between)
        curls = blocks_of(clients / README, "bash", having="curl -X POST", address=f"{between.address}/flowcore")
        assert [run("sh", "-ec", curl, PATH=os.environ["PATH"]) for curl in curls] == ANSWERS
        counted(here)
        here.compute_again()
        counted(here)
        return here.key, between.heard


def on_the_test_page(file: Path, between: Listener) -> None:
    with opened(file.read_text(encoding="utf-8")) as page:
        page.on("dialog", lambda dialog: dialog.accept("/custom-test-page"))
        posted(between, page, 1, "the page view of the load")
        page.click("text=Track Current Page")
        posted(between, page, 2, "the page that was tracked by hand")
        page.click("text=Track Custom Page")
        posted(between, page, 3, "the page of the prompt")
        page.evaluate("history.pushState({}, '', '/next')")
        posted(between, page, 4, "what a router does")
        page.go_back()
        posted(between, page, 5, "the way back")
        wait_for(lambda: told(page).count("successfully sent") == 5, page, "the page says that all five were sent")
        assert "failed" not in told(page)


def told(page: Page) -> str:
    return page.inner_text("#console-output")


def snippet(readme: Path, between: Listener) -> None:
    (html,) = blocks_of(readme, "html", having="ANALYTICS_ENDPOINT", address=between.address)
    (examples,) = blocks_of(readme, "javascript", having="trackEvent(", address=between.address)
    with opened(html) as page:
        page.evaluate(examples)
        posted(between, page, 9, "a page view and three events of the snippet")


def posted(between: Listener, page: Page, count: int, what: str) -> None:
    wait_for(lambda: [each.status for each in between.heard if each.method == "POST"] == [204] * count, page, what)


def counted(here: Installation) -> None:
    eventually(lambda: numbers(here.up, here.site)["pageviews"] == 6, "all six page views are counted")
    assert numbers(here.up, here.site)["visitors"] == 1, "one browser on one day"
    assert numbers(here.up, here.site, "period=today&who=all")["pageviews"] == 6
    assert named(here, "period=today") == {"button_click", "form_submit", "video_play"}
    assert named(here, "period=today&who=all") == {"button_click", "form_submit", "video_play", "test_event"}


def named(here: Installation, query: str) -> set[str]:
    return {row["value"] for row in ask(here.up, f"/api/stats/{here.site}/breakdown/event?{query}")["rows"]}
