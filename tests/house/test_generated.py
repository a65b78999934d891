"""What is made from the code is what the code says now, and one command makes all of it again."""

import re
from collections.abc import Callable

import pytest

from collector.app import addresses
from collector.cli.query import addresses_of_query
from collector.control.admin import create_admin
from collector.serving.edge import edge
from collector.serving.role import claims_of
from collector.serving.table import AddressTable, Owner
from collector.settings import example
from collector.settings.compose import with_settings
from tests.house.sources import ROOT

# The schemas are held by tests/contracts.
GENERATED: dict[str, Callable[[], str]] = {
    "env.example": example,
    "compose.yaml": lambda: with_settings((ROOT / "compose.yaml").read_text(encoding="utf-8")),
    "deploy/nginx/edge.conf": lambda: edge(
        AddressTable({Owner.INGEST: addresses(), Owner.ADMIN: claims_of(create_admin(None)), Owner.QUERY: addresses_of_query()})
    ),
}


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_is_current(name: str):
    assert (ROOT / name).read_text(encoding="utf-8") == GENERATED[name](), f"{name} is stale: run `make generated`"


def test_one_command_makes_all_of_them():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r" > (\S+)$", makefile, re.MULTILINE)) == set(GENERATED) - {"compose.yaml"}
    assert "-m collector.settings\n" in makefile, "which writes a part of compose.yaml"
    assert "generated: schemas" in makefile
