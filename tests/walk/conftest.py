"""The whole product, as a newcomer has it: `collector up`, a page of their own, and a browser."""

from tests.collector.cli.conftest import collector, up  # noqa: F401  # pytest finds fixtures by their names in this file
