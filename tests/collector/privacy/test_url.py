"""What is left of an address?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.privacy import url as url_module
from collector.privacy.campaign import CLICKS, NO_TAGS, Ad, Tags
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


def test_only_a_campaigns_words_survive_of_the_query():
    query = (
        "utm_source=news&UTM_Medium=email&utm_campaign=spring+sale&utm_term=a%20b&utm_content=top&email=jane@example.org&id=7"
    )
    tags = Tags(utm_source="news", utm_medium="email", utm_campaign="spring sale", utm_term="a b", utm_content="top")
    assert reduce_url(f"/join?{query}") == Reduced(path="/join", tags=tags)


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("ref=hn", "hn"),
        ("source=hn", "hn"),
        ("source=second&ref=first", "first"),
        ("ref=hn&utm_source=news", "news"),
        ("utm_source=&ref=hn", "hn"),
        ("utm_source=a&utm_source=b", "a"),
        ("utm_source=jane%40example.org", "[email]"),
    ],
)
def test_ref_and_source_count_where_utm_source_is_missing(query: str, source: str):
    assert reduce_url(f"/?{query}").tags == Tags(utm_source=source)


@pytest.mark.parametrize(
    ("query", "source", "medium"),
    [
        ("UTM_SOURCE=News&Utm_Medium=Email", "News", "Email"),
        ("utm_source=+news%20&utm_medium=%20", "news", ""),
        ("utm_source=%20&ref=hn", "hn", ""),
        ("utm_source=&utm_source=news&utm_medium=email&utm_medium=sms", "news", "email"),
        ("utm_source=news&amp;utm_medium=email", "news", "email"),
        ("page=2?utm_source=news&utm_medium=email", "news", "email"),
        ("utm%5Fsource=news", "news", ""),
        ("utm_source", "", ""),
        ("xutm_source=news&utm_sources=x", "", ""),
    ],
)
def test_a_campaign_is_read_however_it_was_written(query: str, source: str, medium: str):
    assert reduce_url(f"/?{query}").tags == Tags(utm_source=source, utm_medium=medium)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["f%FCr", "f%fcr"], "f%FCr"),
        (["f%C3%BCr", "f\u00fcr"], "f\u00fcr"),
        (["%FF%FE"], "%FF%FE"),
        (["%FE%FF"], "%FE%FF"),
        (["sale%C3"], "sale%C3"),
        (["sale%"], "sale%"),
        (["sale%zz"], "sale%zz"),
        (["%80"], "%80"),
        (["%81"], "%81"),
        (["50%25+off"], "50% off"),
        (["%u00fc"], "%u00fc"),
        (["%E4%F6%FC"], "%E4%F6%FC"),
    ],
)
def test_campaigns_that_nobody_can_decode_stay_apart(values: list[str], told: str):
    assert {reduce_url(f"/?utm_campaign={value}").tags.utm_campaign for value in values} == {told}


@pytest.mark.parametrize(
    ("url", "path", "tags"),
    [
        ("/#/pricing?utm_source=news&utm_medium=email", "/#/pricing", Tags(utm_source="news", utm_medium="email")),
        ("https://shop.example/app#!/a?id=7&utm_source=news", "/app#!/a", Tags(utm_source="news")),
        ("/?utm_source=news#/pricing", "/#/pricing", Tags(utm_source="news")),
        ("/?utm_source=outer#/a?utm_source=inner&utm_medium=email", "/#/a", Tags(utm_source="outer", utm_medium="email")),
        ("/#/a?utm_source=news#part", "/#/a", Tags(utm_source="news")),
        ("/#/a#part", "/#/a", NO_TAGS),
        ("/#utm_source=news&utm_medium=email", "/", Tags(utm_source="news", utm_medium="email")),
        ("/#part?utm_source=news", "/", Tags(utm_source="news")),
        ("/#access_token=secret&utm_source=news", "/", Tags(utm_source="news")),
        ("/#/callback?access_token=secret", "/#/callback", NO_TAGS),
        ("/#/a?gclid=x", "/#/a", Tags(ad=Ad("Google"))),
    ],
)
def test_a_campaign_counts_behind_a_hash_and_a_secret_there_does_not(url: str, path: str, tags: Tags):
    reduced = reduce_url(url)
    assert (reduced.path, reduced.tags) == (path, tags)
    assert reduce_url(url) == reduced


@pytest.mark.parametrize(
    ("query", "ad"),
    [(f"{key}=abc", ad) for key, ad in CLICKS.items()]
    + [
        ("GCLID=abc", Ad("Google")),
        ("ScCid=abc", Ad("Snapchat")),
        ("a=1&amp;gclid=abc", Ad("Google")),
        ("dclid=1&gclid=2", Ad("Google")),
        ("gclid=", None),
        ("gclid", None),
        ("fbclid=abc", None),
        ("srsltid=abc&igsh=abc&ysclid=abc&mc_eid=abc", None),
    ],
)
def test_of_a_click_on_an_ad_only_that_there_was_one_is_kept(query: str, ad: Ad | None):
    tags = reduce_url(f"/?{query}").tags
    assert tags == Tags(ad=ad)
    assert "abc" not in repr(tags)


def test_a_query_without_a_campaign_leaves_nothing():
    assert reduce_url("/?q=secret&page=2").tags is NO_TAGS


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


def test_a_campaigns_word_is_cut():
    assert reduce_url("/?utm_source=" + "x" * 5_000).tags.utm_source == "x" * 200


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


@given(ANY_TEXT)
def test_any_query_becomes_clean_words(text: str):
    tags = reduce_url(f"/?utm_source={text}&{text}").tags
    assert len(tags.utm_source.encode()) <= 200


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
