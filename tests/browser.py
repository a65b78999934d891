"""A real Chromium for tests: one for the whole run, a sentence where none is installed, and NO_BROWSER=1 to do without.

Tests that use ``browser`` run on the session's event loop: ``pytestmark = pytest.mark.asyncio(loop_scope="session")``.
"""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "No Chromium was found: install one (apt-get install chromium), or leave these tests out with NO_BROWSER=1."
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
ARGUMENTS = (
    "--no-sandbox",  # root has no user namespace to put a sandbox in
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers give /dev/shm 64 MiB
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # For the whole browser: what a page sends while it is left no longer knows the user agent of a Playwright context.
    f"--user-agent={USER_AGENT}",
    # A person's browser does not say that it is automated; a test that wants a robot sets navigator.webdriver itself.
    "--disable-blink-features=AutomationControlled",
    # Sites with real names, which are not "this machine" to a page, and still never leave it.
    "--host-resolver-rules=MAP *.example 127.0.0.1",
)
LEFT_OUT = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser's program."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(MISSING, pytrace=False)
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A headless Chromium that every test shares; each test opens a context of its own."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        await started.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a browser, where the caller has said that there is none."""
    if os.environ.get("NO_BROWSER", "0") == "0":
        return
    left_out = [item for item in items if "chromium" in getattr(item, "fixturenames", ())]
    if not left_out:
        return
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    config.stash[LEFT_OUT] = len(left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out."""
    if left_out := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(f"NO_BROWSER is set: {left_out} browser tests were left out.", yellow=True)
