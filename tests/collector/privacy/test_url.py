"""What is left of an address?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.privacy import url as url_module
from collector.privacy.url import Reduced, reduce_url, url_of_path

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("url", "hostname", "path"),
    [
        ("https://shop.example/join", "shop.example", "/join"),
        ("HTTP://jane:secret@Shop.Example:8080/Join?plan=pro#top", "shop.example", "/Join"),
        ("//shop.example/join", "shop.example", "/join"),
        ("https://shop.example", "shop.example", "/"),
        ("https://shop.example?x=1", "shop.example", "/"),
        ("https://shop.example#top", "shop.example", "/"),
        ("/join?plan=pro#top", "", "/join"),
        ("join", "", "/join"),
        ("", "", "/"),
        (" /join\n", "", "/join"),
        ("/a//b/", "", "/a//b/"),
        ("https://[2001:db8::1]:3000/join", "", "/join"),
        ("https://<script>/join", "", "/join"),
        ("https://shop.example//blog//post", "shop.example", "//blog//post"),
        ("https://shop.example.:443/join", "shop.example", "/join"),
        ("http://B\u00dcCHER.example:80/", "xn--bcher-kva.example", "/"),
        ("https:shop.example/join", "shop.example", "/join"),
        ("https:/shop.example/join", "shop.example", "/join"),
        ("https:\\\\shop.example\\a\\b", "shop.example", "/a/b"),
        ("\\\\shop.example\\join", "shop.example", "/join"),
        ("https://jane@work:s@shop.example/join", "shop.example", "/join"),
    ],
)
def test_an_address_becomes_host_and_path(url: str, hostname: str, path: str):
    assert reduce_url(url) == Reduced(hostname=hostname, path=path)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "javascript://x.org/%0a",
        "\0javascript:x",
        "file:///C:/a.html?utm_source=newsletter",
        "chrome-extension://abc/p.html?ref=google",
        "mailto:x?utm_source=newsletter",
    ],
)
def test_an_address_that_is_no_web_address_is_treated_as_empty(url: str):
    assert reduce_url(url) == Reduced()


@pytest.mark.parametrize(
    ("spellings", "path"),
    [
        (["/caf%C3%A9", "/caf%c3%a9", "/caf\u00e9", "/cafe\u0301", "/caf%65%CC%81"], "/caf\u00e9"),
        (["/%7Ejane", "/~jane"], "/~jane"),
        (["/a%2fb", "/a%2Fb"], "/a%2Fb"),
        (["/a%20b", "/a b"], "/a%20b"),
        (["/a%20?x", "/a ?x", "/a #x"], "/a%20"),
        (["/100%25", "/100%25"], "/100%25"),
        (["/%00%0a", "/%00%0A"], "/%00%0A"),
        (["/%ff%C3", "/%FF%c3"], "/%FF%C3"),
        (["/%E2%80%AE"], "/%E2%80%AE"),  # a right-to-left override stays visible
        (["/50%", "/50%"], "/50%"),
        (["/%zz"], "/%zz"),
        (["/a/./b/../c", "/a/%2e/b/%2E%2e/c", "/../a/c", "/a/c"], "/a/c"),
        (["/a/b/..", "/a/."], "/a/"),
        (["/a//../b", "/a/./b"], "/a/b"),
        (["/.well-known/x", "/./.well-known/x"], "/.well-known/x"),
        (["/a..b/...", "/a..b/./..."], "/a..b/..."),
    ],
)
def test_a_path_has_one_spelling(spellings: list[str], path: str):
    assert {reduce_url(spelling).path for spelling in spellings} == {path}


def test_a_path_is_redacted():
    assert reduce_url("/u/jane%40example.org/reset").path == "/u/[email]/reset"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/cart;jsessionid=1A530637289A03B07199A44E8D531427", "/cart"),
        ("/cart;jsessionid=8F3C0D1122334455667788990AABBCCD.node2", "/cart"),
        ("/item.jsp;jsessionid=aXyZ9?id=5", "/item.jsp"),
        ("/cart;JSESSIONID=abcdefghijklmnopqrstuvwxyz", "/cart"),
        ("/cart;jsessionid=0!-1234567890!9876543210", "/cart"),
        ("/cart;jsessionid=", "/cart"),
        ("/cart;jsessionid", "/cart"),
        ("/cart%3Bjsessionid%3DaXyZ9", "/cart"),
        ("/cart%253Bjsessionid%253DaXyZ9", "/cart"),
        ("/a;jsessionid=aXyZ9/b;v=2", "/a/b;v=2"),
        ("/;jsessionid=aXyZ9", "/"),
        ("/cart;jsessionid=aXyZ9#/step", "/cart#/step"),
        ("/#/cart;sid=aXyZ9", "/#/cart"),
        ("/cart;v=2;PHPSESSID=aXyZ9;w=3", "/cart;v=2;w=3"),
        ("/page&PHPSESSID=aXyZ9", "/page"),
        ("/page,sid=aXyZ9", "/page"),
        ("/sid=aXyZ9/page", "/page"),
        ("/page;session_id=aXyZ9", "/page"),
        ("/page;session-id=aXyZ9", "/page"),
        ("/page;session=aXyZ9", "/page"),
        ("/page;JSESSIONID_SHOP=aXyZ9", "/page"),
        ("/page;ASPSESSIONIDQQGQGRBD=aXyZ9", "/page"),
        ("/page.cfm;CFID=1;CFTOKEN=2", "/page.cfm"),
        ("/(S(lit3py55t21z5v55vlm25s55))/orders.aspx", "/orders.aspx"),
        ("/shop/(X(1)S(lit3py55)A(b2)F(c3))/orders", "/shop/orders"),
        ("/%28S%28lit3py55%29%29/", "/"),
    ],
)
def test_the_id_of_a_session_goes_and_leaves_one_page(url: str, path: str):
    assert reduce_url(url).path == path


@pytest.mark.parametrize(
    "path",
    [
        "/map;zoom=3",
        "/map;lat=59;lon=10",
        "/sid",
        "/artists/sid",
        "/sid;v=1",
        "/map;sidebar=1",
        "/map;side=left",
        "/talks/session-ideas",
        "/f(x)",
        "/(a)/b",
        "/wiki/S_(letter)",
        "/a,b=c",
        "/a&b",
    ],
)
def test_what_is_called_otherwise_is_part_of_the_page(path: str):
    assert reduce_url(path).path == path


@pytest.mark.parametrize("path", ["//blog//post", "/\\blog", "\\\\blog", "//"])
def test_a_path_that_looks_like_a_host_is_a_path(path: str):
    assert reduce_url(url_of_path(path)) == Reduced(path=path.replace("\\", "/"))


def test_a_long_path_is_cut_between_characters():
    path = reduce_url("/" + "\u00e9" * 2_000).path
    assert path == "/" + "\u00e9" * 511


@given(ANY_TEXT)
def test_any_text_becomes_a_clean_path(text: str):
    reduced = reduce_url(text)
    assert reduced.path.startswith("/")
    assert len(reduced.path.encode()) <= 1024
    assert "\0" not in reduced.path
    assert "?" not in reduced.path
    before, _, route = reduced.path.partition("#")
    assert "#" not in before
    assert not route or route.startswith(("/", "!"))


@pytest.mark.parametrize(
    ("url", "path"),
    [("/app#/cart", "/app#/cart"), ("/#!/cart?id=7", "/#!/cart"), ("/a#part", "/a"), ("/a#access_token=x", "/a")],
    ids=["route", "older route", "place on the page", "secret"],
)
def test_a_fragment_is_kept_only_when_it_is_a_route(url: str, path: str):
    assert reduce_url(url).path == path


@given(
    ANY_TEXT | st.sampled_from(["https://shop.example/u/jane@example.org", "/a?mail=jane@example.org", "https://jane@x.org/"])
)
def test_nothing_is_remembered_but_what_is_stored_anyway(url: str):
    url_module._AS_IT_CAME.clear()
    reduced = reduce_url(url)
    assert all(place in {reduced.path, f"https://{reduced.hostname}{reduced.path}"} for place in url_module._AS_IT_CAME)
    assert reduce_url(url) == reduced


@pytest.mark.parametrize("host", ["203.0.113.77", "9f86d081884c7d659a2feaa0c55ad015.example"])
def test_a_host_that_would_be_redacted_is_not_remembered(host: str):
    reduce_url(f"https://{host}/account")
    assert not [place for place in url_module._AS_IT_CAME if host in place]


def test_what_is_remembered_changes_no_answer():
    urls = [
        "https://shop.example/a",
        "https://shop.example/a?utm_source=x",
        "https://shop.example/a#/b",
        "https://shop.example/a#b",
    ]
    fresh = []
    for url in urls:
        url_module._AS_IT_CAME.clear()
        fresh.append(reduce_url(url))
    assert [reduce_url(url) for url in urls * 2] == fresh * 2


def test_what_is_remembered_is_bounded():
    for number in range(url_module._MOST_PLACES + 10):
        reduce_url(f"/page/{number}")
    assert len(url_module._AS_IT_CAME) <= url_module._MOST_PLACES
