"""How many of the places that people come from are known, and is each what it is said to be?"""

from pathlib import Path

from collector.privacy.enrich.lists import Lists
from collector.privacy.enrich.referrer import read_referrer
from collector.privacy.enrich.sources import SourceKind, Sources

ORDINARY = Path(__file__).parents[3] / "data" / "referrers.tsv"


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
