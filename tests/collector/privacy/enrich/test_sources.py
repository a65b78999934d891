"""How many of the places that people come from are known, and is each what it is said to be?"""

import os
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # a tool of the development group, which has no types

from collector.privacy.enrich.lists import Lists
from collector.privacy.enrich.referrer import read_referrer
from collector.privacy.enrich.sources import SourceKind, Sources

ORDINARY = Path(__file__).parents[3] / "data" / "referrers.tsv"
# A copy of a public list that others keep; its licence does not let it stand here (tests/data/README.md).
PUBLIC = os.environ.get("REFERERS_YML", "")
_FLOORS = {"email": 0.85, "social": 0.8, "search": 0.9, "paid": 0.6, "chatbot": 1.0}
_KINDS = {
    "email": {SourceKind.EMAIL},
    "social": {SourceKind.SOCIAL},
    "search": {SourceKind.SEARCH, SourceKind.AI},
    "paid": {SourceKind.ADS, SourceKind.AFFILIATES},
    "chatbot": {SourceKind.AI},
}


def kind_of(sources: Sources, referrer: str) -> str:
    read = read_referrer(referrer)
    is_app = read.scheme.endswith("-app://")
    known = sources.find_app(read.host) if is_app else sources.find(read.host, read.path)
    return known.kind.value if known else "none"


def test_ordinary_referrers_are_all_of_their_kind(lists: Lists):
    lines = [line.split("\t") for line in ORDINARY.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) > 170
    assert [(kind, referrer) for kind, referrer in lines if kind_of(lists.sources, referrer) != kind] == []


def test_a_host_that_two_lists_name_is_ours(lists: Lists):
    assert kind_of(lists.sources, "https://www.bing.com/search") == "search"
    assert kind_of(lists.sources, "https://www.bing.com/chat?q=x") == "ai"


def test_a_kind_of_each_list_has_entries_and_every_name_is_found_by_itself(lists: Lists):
    for kind in SourceKind:
        assert any(known.kind is kind for known in lists.sources.known()), kind
    assert [known.name for known in lists.sources.known() if lists.sources.named(known.name) is None] == []


@pytest.mark.skipif(not PUBLIC, reason="REFERERS_YML names no copy of the public list")
@pytest.mark.parametrize("medium", _KINDS)
def test_of_a_public_list_enough_is_known(lists: Lists, medium: str):
    listed = yaml.safe_load(Path(PUBLIC).read_text(encoding="utf-8"))[medium]
    hosts = [host for provider in listed.values() for host in provider["domains"]]
    right = sum(kind_of(lists.sources, f"https://{host}") in _KINDS[medium] for host in hosts)
    assert right / len(hosts) >= _FLOORS[medium]
