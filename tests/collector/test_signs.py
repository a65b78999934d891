"""Signs say in numbers what is set up wrongly, quote nobody, are told only where something is odd, and stay within bounds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.arrival import read_head
from collector.hit import A_PAGE, Claim, Hit, Person
from collector.privacy.client_ip import TrustedProxies
from collector.privacy.crowd import ENOUGH_ADDRESSES, ENOUGH_AGENTS, Crowd
from collector.signs import MOST_SITES, Signs
from collector.sites import AnySite, ListedSites, Site
from contracts.tallies import MAX_PART_BYTES, TALLY_CODEC, SignLine, TallySigns

NOW = datetime(2026, 11, 26, 21, 40, tzinfo=UTC)
SHOP = Site(tenant="main", id="shop.example")
RUN = "0123456789abcdef"
VISITOR = "203.0.113.7"


def head(peer: str = VISITOR, trusted: str = "", **headers: str):
    said = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"method": "POST", "path": "/", "query_string": b"", "headers": said, "client": (peer, 1)}
    return read_head(scope, {}, TrustedProxies.parse(trusted.split(",") if trusted else ()))


@pytest.mark.parametrize(
    ("trusted", "peer", "headers", "is_unread"),
    [
        ("", VISITOR, {}, False),
        ("", "10.0.0.9", {"x_forwarded_for": VISITOR}, True),
        ("", "10.0.0.9", {"forwarded": f"for={VISITOR}"}, True),
        ("", "192.0.2.1", {"cf_connecting_ip": VISITOR}, True),
        ("", "192.0.2.1", {"true_client_ip": VISITOR}, True),
        ("private", "10.0.0.9", {"x_forwarded_for": VISITOR}, False),
        ("private", "10.0.0.9", {"x_forwarded_for": f"{VISITOR}:4711"}, False),
        ("private", "10.0.0.9", {"x_forwarded_for": f"{VISITOR}, 10.0.0.8"}, False),
        ("private", "10.0.0.9", {"x_forwarded_for": f"{VISITOR}, 192.0.2.1"}, True),  # a CDN's own that was not named
        ("loopback", "127.0.0.1", {"x_forwarded_for": f"{VISITOR}, 172.18.0.1"}, True),  # a container's gateway
        ("", VISITOR, {"x_forwarded_for": "192.168.1.5"}, False),  # a visitor's own proxy
        ("", "10.0.0.9", {"x_forwarded_for": "192.168.1.5"}, True),  # an intranet's
        ("private", "10.0.0.9", {"x_forwarded_for": f"192.168.1.5, {VISITOR}"}, False),
        ("private", "10.0.0.9", {"x_real_ip": VISITOR}, False),
        ("private", "10.0.0.9", {"x_real_ip": "unknown"}, True),
        ("private", "10.0.0.9", {"forwarded": f"for={VISITOR}"}, True),  # a form that is not read
        ("private", "::ffff:10.0.0.9", {"x_forwarded_for": "2001:db8::7"}, False),
        ("private", "10.0.0.9", {"x_forwarded_for": "unknown"}, False),  # there is nobody to name
        ("private", "10.0.0.9", {}, False),
    ],
)
def test_who_only_passes_on_is_told_from_a_visitor(trusted: str, peer: str, headers: dict[str, str], is_unread: bool):  # noqa: FBT001
    assert head(peer, trusted, **headers).is_unread is is_unread


def test_a_crowd_is_counted_until_it_says_enough_and_then_holds_nobody():
    crowd = Crowd()
    for number in range(100):
        crowd.see(head("10.0.0.1", user_agent=f"Browser/{number}"))
    assert (crowd.hits, crowd.private, crowd.addresses, crowd.agents) == (100, 100, 1, ENOUGH_AGENTS)
    for number in range(9):
        crowd.see(head(f"203.0.113.{number}", user_agent="Browser/1"))
    assert crowd.addresses == ENOUGH_ADDRESSES
    assert not any(vars(crowd)[name] for name in ("_addresses", "_agents"))


def hit(*, at: datetime = NOW, occurred_at: datetime | None = None) -> Hit:
    person = Person(ip=VISITOR, user_agent="Browser/1")
    return Hit(person=person, sender=A_PAGE, site=SHOP.id, received_at=at, claim=Claim(), occurred_at=occurred_at)


def tell(signs: Signs) -> list[TallySigns]:
    """Return what is to be told, and let it be told."""
    parts = list(signs.changes())
    for part in parts:
        signs.confirm(part)
    return parts


def test_once_its_hour_is_over_nobody_is_told_apart_whether_or_not_it_could_be_told():
    signs = Signs(RUN)
    signs.see_visitor(SHOP, NOW, head("10.0.0.1", x_forwarded_for=VISITOR, user_agent="Browser/1"))
    assert len(list(signs.changes())) == 1
    signs.forget(NOW + timedelta(minutes=20))
    signs.see_visitor(SHOP, NOW, head("10.0.0.2", user_agent="Browser/2"))
    (part,) = signs.changes()
    assert part.lines == (SignLine(tenant="main", site="shop.example", pages=2, unread=1, private=2, addresses=1, agents=1),)


def test_where_nothing_is_odd_nothing_is_told():
    signs = Signs(RUN)
    for number in range(20):
        signs.see(SHOP, hit(), NOW)
        signs.see_visitor(SHOP, NOW, head(f"203.0.113.{number}", user_agent=f"Browser/{number % 3}"))
    assert tell(signs) == []


def test_only_what_has_changed_is_told_and_all_of_it_once_the_stream_is_new():
    signs = Signs(RUN)
    signs.see(SHOP, hit(occurred_at=NOW + timedelta(days=1)), NOW)
    (first,) = tell(signs)
    assert first.lines == (SignLine(tenant="main", site="shop.example", hits=1, ahead=1),)
    assert first.subject == f"tallies.{RUN}.signs.21.0"
    assert tell(signs) == []
    signs.see(SHOP, hit(occurred_at=NOW - timedelta(days=9)), NOW)
    assert tell(signs)[0].lines == (SignLine(tenant="main", site="shop.example", hits=2, ahead=1, behind=1),)
    signs.retell()
    assert len(tell(signs)) == 1
    signs.forget(NOW + timedelta(hours=4))
    signs.retell()
    assert tell(signs) == []


@pytest.mark.parametrize(
    ("page", "site"),
    [
        ("https://shop.example/a", "shop.example"),
        ("https://www.shop.example/", "shop.example"),
        ("https://shop.example:8443/", "shop.example"),
        ("https://else.example/", None),
        ("https://203.0.113.7/", None),
        ("https://somebody@mail.example/", None),
        ("android-app://shop.example/", None),
        ("https://[::1/", None),
        ("", None),
    ],
)
def test_a_load_counts_for_the_site_of_the_page_where_it_is_one(page: str, site: str | None):
    signs = Signs(RUN)
    signs.see_loaded(NOW, head(referer=page), ListedSites("main", ("shop.example", "203.0.113.7")))
    assert [line.site for part in tell(signs) for line in part.lines] == ([site] if site else [])
    assert signs.has_seen is bool(site)


def test_a_page_that_sends_for_a_site_of_another_name_is_not_kept_out():
    signs, sites = Signs(RUN), AnySite("main")
    signs.see_visitor(SHOP, NOW, head(origin="https://www.shop.example"))
    for page in ("https://www.shop.example/", "https://www.shop.example/a?b#c", "http://www.shop.example/"):
        signs.see_loaded(NOW, head(referer=page), sites)
    assert [(line.site, line.loaded) for part in tell(signs) for line in part.lines] == [("www.shop.example", 1)], "by http"
    for number in range(5000):
        signs.see_visitor(SHOP, NOW, head(origin=f"https://{number}.example"))
    assert len(signs._sending) <= MOST_SITES


def test_names_without_end_fill_neither_memory_nor_the_stream():
    signs = Signs(RUN)
    for number in range(MOST_SITES + 500):
        signs.see_loaded(NOW, head(referer=f"https://{'a' * 60}.{'b' * 60}.n{number}.example/"), AnySite("main"))
    parts = tell(signs)
    assert sum(len(part.lines) for part in parts) <= MOST_SITES
    assert all(len(TALLY_CODEC.encode(part)) < MAX_PART_BYTES for part in parts)
    assert VISITOR not in repr(parts)
