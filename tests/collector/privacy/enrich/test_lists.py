"""What is looked up, in which version, and where do the shipped lists come from?"""

from pathlib import Path

import msgspec
import pytest

from collector.privacy.enrich.data import compile as compiler
from collector.privacy.enrich.data.publish import publish
from collector.privacy.enrich.lists import RULES, Lists, id_of, published_versions, versions_in_use

# Add each new id here when it is published; facts hold them for ever.
EVER_PUBLISHED = {"5f17fa", "907759"}


def test_every_list_has_a_version(lists: Lists):
    in_use = versions_in_use(lists.sources)
    assert in_use.keys() == {"rules", "agents", "robots", "places", "sources", "spam", "zones"}
    assert in_use["rules"] == RULES
    assert all(in_use.values())


def test_the_meaning_of_the_lists_in_use_is_published(lists: Lists):
    in_use = versions_in_use(lists.sources)
    advice = "run `python -m collector.privacy.enrich.data.publish` and commit what it adds"
    assert published_versions().get(lists.version) == in_use, advice


def test_no_meaning_that_was_ever_published_is_withdrawn_or_changed():
    published = published_versions()
    assert [id_ for id_, versions in published.items() if id_of(versions) != id_] == []
    assert published.keys() >= EVER_PUBLISHED


def test_publishing_adds_what_is_in_use_and_takes_nothing_away(tmp_path: Path):
    file = tmp_path / "versions.json"
    file.write_text('{"aaaaaa": {"rules": "0"}}')
    publish(file, {"rules": "1"})
    publish(file, {"rules": "1"})
    assert msgspec.json.decode(file.read_bytes()) == {"aaaaaa": {"rules": "0"}, id_of({"rules": "1"}): {"rules": "1"}}


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
