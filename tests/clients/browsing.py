"""A page of a client in a real Chromium, on a site with a real name that never leaves this machine."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

from tests.browser import ARGUMENTS, MISSING, NAMES
from tests.collector.tracker.servers import Site

SECONDS = 30


@contextmanager
def opened(html: str) -> Iterator[Page]:
    """Lend the page *html* of the site shop.example, which has been loaded."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program is not None, MISSING
    site = Site()
    site.put("/welcome", html)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            page = browser.new_page()
            page.goto(f"{site.url}/welcome")
            yield page
            browser.close()
    finally:
        site.close()


def wait_for(is_so: Callable[[], bool], page: Page, what: str) -> None:
    """Return once *is_so*, while *page* goes on."""
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"still waiting: {what}"
        page.wait_for_timeout(50)
