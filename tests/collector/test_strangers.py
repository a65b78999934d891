"""A name that nobody has is told where it may be a misspelt one, up to a number a day, and never where it may be a person's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.hit import A_PAGE, Claim, Hit, Person, Sender
from collector.outcomes import Dropped, DropReason, Stored
from collector.sites import AnySite, ListedSites, Site, Sites
from collector.tally import Tally
from contracts.tallies import NAMES_A_DAY, OTHER_SITES, TALLY_CODEC

NOW = datetime(2026, 11, 26, 21, 40, tzinfo=UTC)
STORED = Stored(id="1", duplicate=False)
LISTED = ListedSites("main", ("shop.example", "intranet", "192.0.2.7"))


def hit(claimed: str, *, at: datetime = NOW, sender: Sender = A_PAGE) -> Hit:
    return Hit(person=Person(ip="", user_agent=""), sender=sender, site=claimed, received_at=at, claim=Claim())


def drop(tally: Tally, claimed: str, sites: Sites = LISTED, at: datetime = NOW, **fields: Any) -> str:
    """Drop a hit that claims a site, and return the name that it is counted under."""
    site = tally.site_of_dropped(hit(claimed, at=at, **fields), sites)
    tally.at(at).count(site, "native", Dropped(DropReason.UNKNOWN_SITE))
    return site.id


@pytest.mark.parametrize("claimed", ["shpo.example", "SHPO.example.", "shpo.example:443", "bücher.example", "www.shop.example"])
def test_a_name_that_is_misspelt_is_told(claimed: str):
    assert drop(Tally(), claimed) in ("shpo.example", "xn--bcher-kva.example", "www.shop.example")


@pytest.mark.parametrize(
    "claimed",
    [
        "somebody@mail.example",
        "203.0.113.9",
        "203.0.113.9:8080",
        "2001:db8::17",
        "[2001:db8::17]",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF",
        "9f86d081884c7d659a2feaa0c55ad015.example",
        "sk-live-a1B2c3D4e5F6g7H8i9J0k1L2.example",
        "4111111111111111",
        "1f0c3a52-8f4c-4b7e-9c71-3e2f5a6b7c8d.example",
        "hunter2",
        "https://shop.example/?email=somebody@mail.example",
        "Mozilla/5.0 (X11; Linux x86_64)",
        "user:password@shop.example",
        "a b.example",
        "x" * 300 + ".example",
        "\0",
    ],
)
def test_what_is_no_public_name_is_never_told(claimed: str):
    tally = Tally()
    assert drop(tally, claimed) == OTHER_SITES
    assert claimed.encode() not in b"".join(TALLY_CODEC.encode(part) for part in tally.changes())


def test_names_are_told_up_to_a_number_a_day_and_the_rest_is_counted_together():
    tally = Tally()
    names = [drop(tally, f"site-{number}.example") for number in range(NAMES_A_DAY + 50)]
    assert len(set(names)) == NAMES_A_DAY + 1
    assert names.count(OTHER_SITES) == 50
    assert drop(tally, "site-0.example") == "site-0.example", "a name that was told stays told"
    assert drop(tally, "late.example", at=NOW - timedelta(days=1)) == OTHER_SITES, "a clock that goes back begins no day again"
    assert drop(tally, "late.example", at=NOW + timedelta(days=1)) == "late.example"


def test_a_listed_site_is_never_counted_with_others_whatever_its_name():
    tally = Tally()
    for number in range(NAMES_A_DAY):
        drop(tally, f"site-{number}.example")
    assert drop(tally, "shop.example") == "shop.example"
    tally.at(NOW).count(Site(tenant="main", id="192.0.2.7"), "native", STORED)
    assert drop(tally, "192.0.2.7") == "192.0.2.7"


def test_where_any_name_is_a_site_whoever_objected_names_none_that_looks_personal():
    tally = Tally()
    assert drop(tally, "203.0.113.9", AnySite("main")) == OTHER_SITES
    assert drop(tally, "shop.example", AnySite("main")) == "shop.example"


def test_a_hit_that_names_no_site_is_the_only_sites_or_nobodys():
    assert drop(Tally(tenant="main"), "", ListedSites("main", ("shop.example",))) == "shop.example"
    assert drop(Tally(tenant="main"), "") == ""
