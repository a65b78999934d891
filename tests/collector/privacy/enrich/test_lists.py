"""What is looked up, in which version, and where do the shipped lists come from?"""

from pathlib import Path

import msgspec
import pytest

from collector.privacy.enrich.data import compile as compiler
from collector.privacy.enrich.lists import RULES, Lists


def test_every_list_has_a_version(lists: Lists):
    assert lists.versions.keys() == {"rules", "agents", "robots", "sources", "spam", "zones"}
    assert lists.versions["rules"] == RULES
    assert all(lists.versions.values())


def test_a_database_has_a_version_too(city_database: Path):
    assert Lists.load(city_database).versions["places"].startswith("GeoIP2-City@")


def test_the_rules_for_user_agents_are_built_by_the_first_one_and_not_before():
    lists = Lists.load()
    assert "_reader" not in vars(lists.agents)
    lists.agents.warm()
    assert "_reader" in vars(lists.agents)


@pytest.fixture
def downloaded(tmp_path: Path) -> Path:
    folder = tmp_path / "downloaded"
    folder.mkdir()
    (folder / "SearchEngines.yml").write_text(
        "Find:\n  -\n    urls:\n      - 'find.{}'\n      - WWW.find.example\n    params: [q]\n"
    )
    (folder / "Socials.yml").write_text("Net%2B:\n  - net.example\n  - net.example\n")
    (folder / "AIAssistants.yml").write_text("Helper:\n  - net.example/helper\n")
    (folder / "referrer_spammers.txt").write_text("b.example\nA.example\n")
    return folder


def test_the_shipped_lists_are_compiled_from_their_sources(downloaded: Path, tmp_path: Path):
    compiler.compile_lists(downloaded, tmp_path, referrers="abc@2026-01-02", spam="def@2026-03-04")
    referrers = msgspec.json.decode((tmp_path / "referrers.json").read_bytes())
    spam = msgspec.json.decode((tmp_path / "spam.json").read_bytes())
    assert (referrers["licence"], referrers["commit"], referrers["day"]) == ("CC0-1.0", "abc", "2026-01-02")
    assert referrers["search"] == {"Find": ["find.{}", "www.find.example"]}
    assert referrers["social"] == {"Net+": ["net.example"]}
    assert referrers["ai"] == {"Helper": ["net.example/helper"]}
    assert (spam["licence"], spam["day"], spam["hosts"]) == ("public domain", "2026-03-04", ["a.example", "b.example"])
