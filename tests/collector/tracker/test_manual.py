"""The manual of the snippet holds what the source reads, and nothing else."""

import re
from pathlib import Path

import pytest

from collector.outcomes import Change, DropReason
from collector.tracker.minify import SOURCE
from tests.collector.tracker.test_events import STUB

SNIPPET = SOURCE.read_text(encoding="utf-8")
MANUAL = Path(SOURCE).with_name("README.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[str]:
    """Return the first cells of the tables below *heading*."""
    section = MANUAL.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE)


def test_every_attribute_of_the_tag_is_in_the_manual_and_the_other_way_round():
    read = {*re.findall(r"\bdata\.([a-z]\w*)", SNIPPET), *re.findall(r"isOn\('(\w+)'", SNIPPET)}
    assert {row.strip("`") for row in rows("On the tag")} == {f"data-{name}" for name in read}


def test_every_call_is_in_the_manual_and_the_other_way_round():
    of_collector = {f"collector.{name}" for name in re.findall(r"^  collector\.(\w+) =", SNIPPET, re.MULTILINE)}
    of_window = set(re.findall(r"^  window\.(\w+) =", SNIPPET, re.MULTILINE))
    told = {re.split(r"[(`]", row.strip("`"))[0] for row in rows("From the page") if "(" in row}
    assert told == of_collector | of_window


def test_every_option_is_in_the_manual_and_the_other_way_round():
    (read,) = re.findall(r"const \{ (.+), \.\.\.others \} = options;", SNIPPET)
    options = {option.split(" = ")[0] for option in read.split(", ")}
    assert {row.strip("`") for row in rows("From the page") if re.fullmatch(r"`\w+`", row)} == options


def test_everything_that_a_callback_hears_is_in_the_manual():
    (asked,) = re.findall(r"function reasonToIgnore.*?\n  }", SNIPPET, re.DOTALL)
    ignored = {*re.findall(r"return '([\w-]+)'", asked), *re.findall(r"ignored: '(\w+)'", SNIPPET)}
    assert ignored
    for word in (*ignored, *Change, *DropReason):
        assert f"`{word}`" in MANUAL, word


@pytest.mark.parametrize("word", ["window.__collector = 1", "data-collect-plan", "localStorage.collector_ignore"])
def test_what_else_the_snippet_listens_to_is_in_the_manual(word: str):
    assert word in MANUAL
    assert word.removesuffix(" = 1").removesuffix("plan") in SNIPPET


@pytest.mark.parametrize("key", ["collector_ignore", "plausible_ignore", "umami.disabled"])
def test_every_opt_out_that_is_obeyed_is_in_the_manual(key: str):
    assert f"'{key}'" in SNIPPET
    assert key in MANUAL


def test_the_stub_of_the_manual_is_the_one_that_is_tried():
    assert STUB.replace(" ", "") in MANUAL.replace(" ", "")


def test_the_readme_leads_to_the_manual():
    assert "(collector/tracker/README.md)" in (SOURCE.parents[2] / "README.md").read_text(encoding="utf-8")
