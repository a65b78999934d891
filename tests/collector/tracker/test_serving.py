"""The snippet as a file: its size, its freshness, its two names, and how browsers and caches get it."""

import gzip
import hashlib
import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest
from litestar import Litestar
from litestar.handlers import asgi

from collector.downloads import DOWNLOAD_TYPES
from collector.tracker.minify import COMMAND, MINIFIED, SOURCE, mark, with_downloads
from collector.tracker.serve import TRACKER_PREFIX, script, tracker_app
from contracts.snippet import snippet
from tests.collector.tracker.conftest import Tab
from tests.collector.tracker.servers import Collector, Site

MOST_BYTES = 2944
mounted = Litestar([asgi(TRACKER_PREFIX, is_mount=True, copy_scope=True)(tracker_app)], openapi_config=None)


@pytest.fixture(params=[tracker_app, mounted], ids=["alone", "mounted"])
async def http(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=request.param)
    async with httpx.AsyncClient(transport=transport, base_url="http://stats.example") as client:
        yield client


def test_the_snippet_is_under_three_kilobytes_on_the_wire():
    assert len(gzip.compress(MINIFIED.read_bytes(), compresslevel=9, mtime=0)) <= MOST_BYTES


def test_the_served_file_is_made_from_the_source_as_it_is():
    made = MINIFIED.read_bytes()
    assert made.startswith(mark(SOURCE.read_bytes())), "c.js has changed: run python -m collector.tracker.minify"
    assert "@" in COMMAND[2], "the minifier's version is pinned"


def test_the_snippet_counts_the_one_list_of_downloads():
    source = SOURCE.read_bytes()
    assert with_downloads(source) == source, "the list has changed: run python -m collector.tracker.minify"
    assert all(f"|{ending}|" in source.decode().replace("(", "|").replace(")", "|") for ending in DOWNLOAD_TYPES)


def test_the_source_evaluates_no_text_as_code():
    assert not re.search(r"\beval\b|new Function|innerHTML|document\.write|cookie\s*=", MINIFIED.read_text(encoding="utf-8"))


async def test_the_snippet_is_cached_for_an_hour_and_revalidated_in_the_background(http: httpx.AsyncClient):
    answer = await http.get("/js/c.js")
    assert answer.status_code == 200
    assert answer.content == MINIFIED.read_bytes()
    assert answer.headers["cache-control"] == "public, max-age=3600, stale-while-revalidate=86400"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


async def test_the_name_with_the_hash_never_changes(http: httpx.AsyncClient):
    answer = await http.get(f"/js/{script().hashed_name}")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.content == MINIFIED.read_bytes()


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, br", "gzip"), ("br;q=1, GZIP;q=0.5", "gzip"), ("*", "gzip"), ("gzip;q=0", None), ("br", None), ("", None)],
)
async def test_it_is_compressed_for_whoever_reads_gzip(http: httpx.AsyncClient, accepted: str, encoding: str | None):
    async with http.stream("GET", "/js/c.js", headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-length"] == str(len(raw))
    assert answer.headers["vary"] == "Accept-Encoding"
    assert (gzip.decompress(raw) if encoding else raw) == MINIFIED.read_bytes()


async def test_the_tag_is_the_same_for_everyone(http: httpx.AsyncClient):
    tags = {(await http.get("/js/c.js", headers={"User-Agent": agent})).headers["etag"] for agent in ("a", "b")}
    assert tags == {f'W/"{hashlib.sha256(MINIFIED.read_bytes()).hexdigest()[:16]}"'}


@pytest.mark.parametrize("known", ["{etag}", '"x", {etag}', "*"])
async def test_who_has_it_already_gets_304_and_no_body(http: httpx.AsyncClient, known: str):
    answer = await http.get("/js/c.js", headers={"If-None-Match": known.format(etag=script().etag)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == script().etag


async def test_another_version_is_sent_whole(http: httpx.AsyncClient):
    assert (await http.get("/js/c.js", headers={"If-None-Match": '"older"'})).status_code == 200


async def test_head_is_get_without_the_body(http: httpx.AsyncClient):
    read, asked = await http.get("/js/c.js"), await http.head("/js/c.js")
    assert asked.content == b""
    assert asked.headers == read.headers


@pytest.mark.parametrize("path", ["/js/", "/js/c.0123456789abcdef.js", "/js/c.min.js", "/js/serve.py", "/js/x/c.js"])
async def test_any_other_name_is_a_problem(http: httpx.AsyncClient, path: str):
    answer = await http.get(path)
    assert answer.status_code == 404


async def test_a_wrong_name_says_which_is_right():
    transport = httpx.ASGITransport(app=tracker_app)
    async with httpx.AsyncClient(transport=transport, base_url="http://stats.example") as client:
        answer = await client.get("/js/old.js")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "/js/c.js" in answer.json()["detail"]


async def test_it_can_only_be_read(http: httpx.AsyncClient):
    answer = await http.post("/js/c.js")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_the_line_to_paste_is_safe_html():
    line = snippet('shop.example"><script>', "https://stats.example/")
    assert line.count("<script") == 1
    assert 'src="https://stats.example/js/c.js"' in line
    assert 'shop.example"><script>' in unescape(line)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_strictest_policy_needs_two_entries(tab: Tab, site: Site, collector: Collector):
    policy = (
        f"default-src 'none'; script-src {collector.url}; connect-src {collector.url}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    site.put("/a", collector.tag(), **{"Content-Security-Policy": policy})
    await tab.open("/a")
    await tab.page.evaluate("history.pushState({}, '', '/b')")
    assert len(await tab.sent()) == 2
    assert [line for line in tab.complaints if "favicon" not in line] == []


@pytest.mark.asyncio(loop_scope="session")
async def test_a_visit_leaves_no_line_in_the_console(tab: Tab):
    await tab.open("/a")
    await tab.collector("x", {"props": {"a": 1}})
    await tab.page.evaluate("history.pushState({}, '', '/b'); history.replaceState({}, '', '/c'); history.back()")
    await tab.sent()
    assert tab.complaints == []
