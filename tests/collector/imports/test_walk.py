"""The walk of a line: what is kept, what is the same every time, and that nobody is in it."""

import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest

from collector.exclude import compiled
from collector.imports.accesslog.bring import bring_in
from collector.imports.accesslog.crowd import Crowd
from collector.imports.accesslog.identify import Keys
from collector.imports.accesslog.skip import Skipped, SkipReason
from collector.imports.accesslog.summary import Summary
from collector.privacy.client_ip import TrustedProxies
from collector.privacy.enrich.lists import Lists
from collector.sites import ListedSites, Rules, Site
from contracts.codec import CODEC
from contracts.control.sites import Exclusions
from contracts.events import BotRule, EventRecorded, PageViewed, WebEvent
from tests.collector.imports.logs import BROWSER, NOW, ROBOT, SITE, busy_log, line, opened, written


def walked(lists: Lists, *lines: str, **options: object) -> list[WebEvent]:
    walk = opened(lists, **options)
    return [walk.walk(one.encode()) for one in lines]


def reason(lists: Lists, text: str, **options: object) -> SkipReason:
    with pytest.raises(Skipped) as skipped:
        walked(lists, text, **options)
    return skipped.value.reason


def test_a_page_keeps_its_own_time_and_says_when_it_was_imported(lists: Lists):
    (event,) = walked(lists, line("/a?utm_source=news&secret=1", at="17/May/2026:23:30:00 -0200"))
    assert isinstance(event, PageViewed)
    assert (event.occurred_at, event.received_at) == (datetime(2026, 5, 18, 1, 30, tzinfo=UTC), NOW)
    assert event.salt_day == date(2026, 5, 18)
    assert (event.page.hostname, event.page.path, event.source.utm_source) == (SITE, "/a", "news")
    assert event.batch == "accesslog-shop.example"


def test_a_download_is_a_custom_event(lists: Lists):
    (event,) = walked(lists, line("/files/guide.pdf?from=mail"))
    assert isinstance(event, EventRecorded)
    assert (event.name, event.props, event.interactive) == ("File Download", {"url": "/files/guide.pdf"}, True)


def test_a_link_to_what_is_not_there_is_an_event_that_keeps_a_bounce(lists: Lists):
    (event,) = walked(lists, line("/gone?x=1", status=404, referrer="https://blog.example/post"))
    assert isinstance(event, EventRecorded)
    assert (event.name, event.props, event.interactive, event.page.path) == ("404", {}, False, "/gone")
    assert event.source.referrer == "https://blog.example"


def test_a_robot_is_kept_with_its_verdict(lists: Lists):
    robot, nobody, human = walked(lists, line(agent=ROBOT), line(agent="-"), line())
    assert (robot.bot, robot.bot_name) == (BotRule.CRAWLER, "Googlebot")
    assert (nobody.bot, human.bot) == (BotRule.NO_USER_AGENT, None)


def test_a_log_without_user_agents_makes_nobody_a_robot(lists: Lists):
    walk = opened(lists)
    event = walk.walk(b'192.0.2.7 - - [17/May/2026:10:05:03 +0000] "GET / HTTP/1.0" 200 5120')
    assert event.bot is None
    assert walk.without_user_agents == 1


def test_one_visitor_has_one_id_for_a_day_and_another_on_the_next(lists: Lists):
    lines = [line("/a"), line("/b"), line("/c", ip="192.0.2.8"), line("/d", at="18/May/2026:10:05:03 +0000")]
    a, b, other, later = (event.visitor for event in walked(lists, *lines))
    assert a == b
    assert len({a, other, later}) == 3


def test_the_salt_dies_with_the_import(lists: Lists):
    assert walked(lists, line())[0].visitor != walked(lists, line())[0].visitor


def test_the_same_lines_have_the_same_ids_and_no_two_share_one(lists: Lists):
    log = [one for one in busy_log(2000) if '"GET /pricing' in one] + [line()] * 5
    first, second = ([event.id for event in walked(lists, *log)] for _ in range(2))
    assert first == second
    assert len(set(first)) == len(log)


def test_a_log_that_has_grown_keeps_the_ids_of_what_it_had(lists: Lists):
    log = [line("/a")] * 3 + [line("/b")] * 2
    grown = [*log, line("/a"), line("/c")]
    assert [event.id for event in walked(lists, *grown)][: len(log)] == [event.id for event in walked(lists, *log)]


def test_an_id_depends_on_what_the_fact_says_and_on_nobody(lists: Lists):
    def id_of(**changes: object) -> str:
        return walked(lists, line("/first"), line(**{"target": "/a"} | changes))[1].id

    same = id_of()
    assert id_of(ip="2001:db8::9", agent=ROBOT, referrer="https://news.example/") == same
    assert id_of(target="/a?token=17") == same
    for changes in (
        {"target": "/b"},
        {"status": 304},
        {"size": "7"},
        {"at": "17/May/2026:10:05:04 +0000"},
        {"vhost": "b.example:80 "},
    ):
        assert id_of(**changes) != same, changes


def test_an_address_in_a_path_is_neither_in_the_fact_nor_in_its_id(lists: Lists):
    one, other = (walked(lists, line(), line(f"/whois/{address}"))[1] for address in ("192.0.2.1", "192.0.2.2"))
    assert one.page.path == "/whois/[ip]"
    assert one.id == other.id


def test_nothing_of_the_person_is_in_a_fact(lists: Lists):
    (event,) = walked(lists, line("/?mail=somebody@mail.example", ip="192.0.2.213", agent=BROWSER + " Canary/77.13.5"))
    body = CODEC.encode(event)
    for canary in (b"192.0.2.213", b"Canary", b"77.13.5", b"Gecko", b"somebody"):
        assert canary not in body


def test_the_virtual_host_says_the_site_where_no_site_is_named(lists: Lists):
    listed = ListedSites("main", ("a.example", "b.example"))
    lines = [line(vhost="A.example:443 "), line(vhost="b.example:80 ")]
    assert [event.site for event in walked(lists, *lines, site=None, sites=listed)] == ["a.example", "b.example"]
    assert reason(lists, line(vhost="c.example:80 "), site=None, sites=listed) is SkipReason.SITE
    assert reason(lists, line(), site=None) is SkipReason.SITE


def test_what_a_site_excludes_is_left_out_of_its_past_too(lists: Lists):
    rules = Rules(excludes=compiled(Exclusions(paths=("/admin/*",))))
    site = Site(tenant="main", id=SITE, rules=rules)
    assert reason(lists, line("/admin/users"), site=site) is SkipReason.EXCLUDED
    (event,) = walked(lists, line("/blog"), site=site)
    assert event.page.path == "/blog"


def test_a_named_site_takes_every_line_and_keeps_the_host(lists: Lists):
    (event,) = walked(lists, line("//odd", vhost="www.shop.example:443 "))
    assert (event.site, event.page.hostname, event.page.path) == (SITE, "www.shop.example", "//odd")


@pytest.mark.parametrize(
    ("target", "host", "path"),
    [
        ("http://shop.example/p0", SITE, "/p0"),
        ("https://Shop.Example:443/p0", SITE, "/p0"),
        ("HTTP://www.shop.example/p0", "www.shop.example", "/p0"),
        ("http://shop.example", SITE, "/"),
        ("http://shop.example?utm_source=news", SITE, "/"),
        ("www.shop.example/p0", "www.shop.example", "/p0"),
        ("shop.example:8080/p0", SITE, "/p0"),
    ],
)
def test_a_request_in_absolute_form_is_one_for_its_host(lists: Lists, target: str, host: str, path: str):
    (named,) = walked(lists, line(target))
    (by_itself,) = walked(lists, line(target), site=None)
    assert (named.site, named.page.hostname, named.page.path) == (SITE, host, path)
    assert (by_itself.site, by_itself.page) == (host, named.page)


@pytest.mark.parametrize(
    "target",
    [
        *("http://elsewhere.example/", "http://shop.example@elsewhere.example/", "https://notshop.example/"),
        *("elsewhere.example/p0", "http://203.0.113.5/", "http://[2001:db8::5]/", "http:///", "http://%/"),
    ],
)
def test_a_request_for_somebody_elses_host_is_no_page_of_ours(lists: Lists, target: str):
    assert reason(lists, line(target)) in (SkipReason.ELSEWHERE, SkipReason.NO_REQUEST)
    assert reason(lists, line(target, vhost="shop.example:80 "), site=None) in (SkipReason.ELSEWHERE, SkipReason.NO_REQUEST)


def test_what_a_proxy_asks_for_somebody_it_does_not_name_is_nobodys(lists: Lists):
    trusted = TrustedProxies.parse(("private",))
    assert reason(lists, line(ip="10.0.0.9"), trusted=trusted) is SkipReason.PROXY_ALONE
    probe, behind = walked(lists, line(ip="10.0.0.9", agent=ROBOT), line(ip="10.0.0.9") + ' "192.0.2.7"', trusted=trusted)
    assert (probe.bot, behind.bot) == (BotRule.CRAWLER, None)


def test_a_virtual_host_where_the_client_should_stand_is_nobody(lists: Lists):
    assert reason(lists, line(ip=SITE)) is SkipReason.NO_CLIENT
    assert reason(lists, line(ip="www.shop.example")) is SkipReason.NO_CLIENT


def test_visitors_and_their_addresses_are_counted_and_robots_are_not(lists: Lists):
    walk = opened(lists)
    for ip, agent in (("192.0.2.7", BROWSER), ("192.0.2.7", f"{BROWSER} x"), ("192.0.2.8", BROWSER), ("192.0.2.9", ROBOT)):
        walk.walk(line(ip=ip, agent=agent).encode())
    assert (walk.crowd.visitors, walk.crowd.addresses, walk.crowd.at_one_address, walk.crowd.events) == (3, 2, 2, 3)


def test_a_crowd_takes_no_more_memory_than_it_may():
    crowd = Crowd(most=10)
    for number in range(1000):
        crowd.count(visitor=f"v{number}", address=f"a{number}")
    assert (crowd.visitors, crowd.addresses, crowd.is_over) == (10, 10, True)


@pytest.mark.parametrize("at", ["01/Jan/1970:00:00:00 +0000", "23/Nov/2026:10:00:00 +0000", "01/Jan/9999:00:00:00 +0000"])
def test_a_time_that_cannot_be_is_left_out(lists: Lists, at: str):
    assert reason(lists, line(at=at)) is SkipReason.TIME


def test_numbering_holds_the_last_hour_of_seconds_and_no_more():
    keys = Keys()
    for second in range(10_000):
        keys.key(datetime.fromtimestamp(second, UTC), "/")
    assert len(keys._seconds) == 3600
    assert keys.key(datetime.fromtimestamp(9_999, UTC), "/") != keys.key(datetime.fromtimestamp(9_999, UTC), "/")


# A large real log, where somebody has laid one beside the checkout; the made-up one is always there.
REAL = Path(__file__).parents[4] / "shared" / "data" / "apache_access.log"
LEFT_OUT = re.compile(r"\.(png|css|ico|jpe?g|js|gif|ttf|svg|woff|swf|xml|xsl|mp3)$|^/robots\.txt$|/feed\.xml$", re.IGNORECASE)
KEPT = re.compile(r"\.(pdf|jar|exe|deb|gz|zip|doc|gem|bz2|ppt|rpm|tar|tgz)$", re.IGNORECASE)
FEED = re.compile(r"[?&](flav|feed)=(rss|atom)")
ROBOTIC = re.compile(
    r"bot|crawl|spider|slurp|archiver|curl|wget|python|java/|feed|reader|rss|favicon|https?:|@|php|^-$", re.IGNORECASE
)


@pytest.mark.parametrize(
    "log", ["made up", *([REAL] if REAL.exists() else [])], ids=["made-up", *(["real"] if REAL.exists() else [])]
)
async def test_a_whole_log_gives_what_counting_by_hand_gives(lists: Lists, tmp_path: Path, log: str | Path):
    file = written(tmp_path, busy_log(5000)) if isinstance(log, str) else log
    summary, events = Summary(), []

    async def keep(event: WebEvent) -> None:
        events.append(event)

    await bring_in([file], walk=opened(lists), send=keep, summary=summary)
    pages = [event for event in events if isinstance(event, PageViewed)]
    by_hand, downloads = counted_by_hand(file)
    assert (summary.pageviews, summary.downloads) == (len(pages), downloads)
    assert len(pages) == len(by_hand)
    assert len(events) == summary.events
    assert summary.lines == summary.events + summary.skipped.total()
    assert Counter(event.page.path for event in pages).most_common(10) == Counter(path for path, *_ in by_hand).most_common(10)
    assert Counter(event.occurred_at.day for event in pages) == Counter(day for _, day, *_ in by_hand)
    referrers = Counter(event.source.referrer for event in pages if event.source.referrer)
    assert referrers.most_common(5) == Counter(origin for *_, origin, _ in by_hand if origin).most_common(5)
    robots = sum(bool(ROBOTIC.search(agent)) for *_, agent in by_hand) / len(by_hand)
    assert sum(event.bot is not None for event in pages) / len(pages) == pytest.approx(robots, abs=0.03)


def counted_by_hand(file: Path) -> tuple[list[tuple[str, int, str, str]], int]:
    """Return path, day, referrer's origin and user agent of each page as awk would, and the number of downloads."""
    pages, downloads = [], 0
    for text in file.read_text(encoding="utf-8", errors="replace").splitlines():
        parts = text.split('"')
        if len(parts) < 7 or not parts[1].startswith("GET ") or parts[2].split()[0] not in ("200", "304"):
            continue
        target = parts[1].split()[1]
        path = unquote(re.split(r"[?#]", target)[0])
        if LEFT_OUT.search(path) or FEED.search(target):
            continue
        if KEPT.search(path):
            downloads += 1
            continue
        origin = re.match(r"https?://[^/]+", parts[3])
        day = int(re.search(r"\[(\d\d)/", parts[0])[1])
        pages.append((path, day, origin[0] if origin else "", parts[5]))
    return pages, downloads
