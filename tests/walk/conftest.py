"""The whole product, as a newcomer has it: `collector up`, a page of their own, and a browser."""

from tests.browser import (  # noqa: F401  # pytest finds fixtures and hooks by their names in this file
    browser,
    chromium,
    pytest_collection_modifyitems,
    pytest_terminal_summary,
)
from tests.cli.conftest import collector, up  # noqa: F401  # the same
