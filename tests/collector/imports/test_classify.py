"""What counts: pages that were answered, and files to keep; everything else has a reason."""

import pytest

from collector.downloads import DOWNLOAD_TYPES, PLAYED_TYPES
from collector.imports.accesslog.classify import Logged, classify
from collector.imports.accesslog.parse import read_line
from collector.imports.accesslog.skip import Skipped, SkipReason
from tests.collector.imports.logs import line


def verdict(target: str, *, method: str = "GET", status: int = 200, referrer: str = "-") -> Logged | SkipReason:
    try:
        return classify(read_line(line(target, method=method, status=status, referrer=referrer).encode()))
    except Skipped as skipped:
        return skipped.reason


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/index.html",
        "/blog/post",
        "/articles/v1.2",
        "/index.php?p=7",
        "//double",
        "/notes.txt",
        "/a.b/",
        "/blog/?utm_source=feedburner&utm_medium=feed",  # a link in a feed leads to a page
        "/search?q=rss",
        "/sitemap",
        "/sitemap.html",
        "/feeding-cats",
        "/atom/heart",
    ],
)
def test_a_page_is_a_pageview(target: str):
    assert verdict(target) is Logged.PAGE


@pytest.mark.parametrize("status", [200, 203, 304])
def test_a_page_that_was_sent_or_is_at_hand_was_seen(status: int):
    assert verdict("/", status=status) is Logged.PAGE


@pytest.mark.parametrize("target", ["/guide.pdf", "/files/tool-1.0.tar.gz", "/SETUP.EXE", "/list.csv?year=2026"])
def test_a_file_to_keep_is_a_download(target: str):
    assert verdict(target) is Logged.DOWNLOAD


@pytest.mark.parametrize("ending", sorted(DOWNLOAD_TYPES))
def test_a_log_counts_the_files_that_the_snippet_counts(ending: str):
    assert verdict(f"/files/a.{ending}") is Logged.DOWNLOAD


@pytest.mark.parametrize("ending", sorted(PLAYED_TYPES))
@pytest.mark.parametrize("status", [206, 304])
def test_what_a_page_plays_is_no_download(ending: str, status: int):
    assert verdict(f"/files/a.{ending}", status=status) is SkipReason.ASSET


@pytest.mark.parametrize("target", ["/s.css", "/a/b.PNG", "/app.js?v=3", "/f.woff2", "/v.ts", "/favicon.ico", "/data.json"])
def test_a_part_of_a_page_is_none(target: str):
    assert verdict(target) is SkipReason.ASSET


@pytest.mark.parametrize(
    "target",
    ["/feed", "/blog/feed/", "/rss.xml", "/index.xml", "/posts.atom", "/?flav=rss20", "/?feed=rss2", "/?rss", "/b?x&atom="],
)
def test_a_feed_is_no_page(target: str):
    assert verdict(target) is SkipReason.FEED


@pytest.mark.parametrize(
    "target", ["/robots.txt", "/sitemap.xml", "/sitemap-2.xml.gz", "/.well-known/security.txt", "/ads.txt"]
)
def test_what_only_robots_ask_for_is_no_page(target: str):
    assert verdict(target) is SkipReason.FOR_ROBOTS


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS", "PROPFIND"])
def test_only_get_shows_a_page(method: str):
    assert verdict("/", method=method) is SkipReason.METHOD


@pytest.mark.parametrize("status", [101, 204, 205, 206, 301, 302, 400, 401, 403, 404, 416, 500, 503, 999])
def test_what_was_not_answered_with_content_was_not_seen(status: int):
    assert verdict("/", status=status) is SkipReason.STATUS
    assert verdict("/guide.pdf", status=status) is SkipReason.STATUS


@pytest.mark.parametrize("status", [404, 410])
def test_a_link_to_what_is_not_there_is_told(status: int):
    for target in ("/gone", "/old.pdf?x=1"):
        assert verdict(target, status=status, referrer="https://blog.example/post") is Logged.MISSING


@pytest.mark.parametrize("referrer", ["-", "", "https://shop.example/wp-login.php", "https://shop.example/wp-login.php?a=b"])
def test_what_no_page_leads_to_is_no_broken_link(referrer: str):
    assert verdict("/wp-login.php", status=404, referrer=referrer) is SkipReason.STATUS


def test_a_missing_part_of_a_page_is_none():
    assert verdict("/lost.png", status=404, referrer="https://shop.example/") is SkipReason.ASSET
    assert verdict("/gone", status=404, method="POST", referrer="https://shop.example/") is SkipReason.METHOD
    assert verdict("/gone", status=500, referrer="https://shop.example/") is SkipReason.STATUS


def test_a_referrer_that_cannot_be_read_is_one_all_the_same():
    assert verdict("/gone", status=404, referrer="https://[") is Logged.MISSING
