"""Below a path of a host everything is where it is at a root, whether the proxy takes the path off or leaves it."""

from typing import Any

import pytest

from collector.asgi import Message, Receive, Scope, Send
from collector.serving.below import below
from collector.serving.table import AddressTable, Owner
from collector.settings.parsers import public_address
from contracts.below import below_of, path_of, seen_below

TABLE = AddressTable(
    {
        Owner.INGEST: [("POST", "/api/event"), ("POST", "/t"), ("GET", "/js/{rest}")],
        Owner.QUERY: [("GET", "/"), ("GET", "/stats"), ("GET", "/sites/{site}"), ("GET", "/sites/{site}/{dimension}")],
    }
)


class Inside:
    """Answers with headers of its own, and keeps what it was asked."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.headers = headers
        self.asked: Scope = {}

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        self.asked = scope
        await send({"type": "http.response.start", "status": 200, "headers": list(self.headers)})


async def asked(path: str, *, below_path: str = "/stats", method: str = "GET", inside: Inside | None = None) -> tuple[Any, Any]:
    """Return what is asked inside when *path* is asked outside, and the headers of the answer."""
    inside = inside or Inside()
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        told.append(message)

    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": []}
    await below(inside, TABLE, below_path)(scope, receive, send)
    return inside.asked, told[0]["headers"]


@pytest.mark.parametrize(
    ("outside", "within"),
    [
        ("/stats/sites/example.org", "/sites/example.org"),
        ("/stats/", "/"),
        ("/stats", "/"),
        ("/sites/example.org", "/sites/example.org"),
        ("/sites/stats", "/sites/stats"),
        ("/stats/sites/stats", "/sites/stats"),
        ("/statsx", "/statsx"),
        ("/stats/js/c.js", "/js/c.js"),
        ("/stats/stats", "/stats"),
    ],
)
async def test_a_path_is_taken_off_where_the_proxy_left_it(outside: str, within: str):
    scope, _ = await asked(outside)
    assert (scope["path"], scope["raw_path"], below_of(scope)) == (within, within.encode(), "/stats")


@pytest.mark.parametrize(
    ("method", "outside", "within"), [("GET", "/t/", "/"), ("HEAD", "/t", "/"), ("POST", "/t", "/t"), ("POST", "/t/t", "/t")]
)
async def test_a_path_that_is_an_address_of_ours_is_told_apart_by_the_method(method: str, outside: str, within: str):
    scope, _ = await asked(outside, below_path="/t", method=method)
    assert scope["path"] == within


async def test_a_preflight_finds_what_it_asks_for():
    scope, _ = await asked("/stats/api/event", method="OPTIONS")
    assert scope["path"] == "/api/event"


async def test_several_pieces_and_letters_that_are_escaped_are_taken_off_as_one():
    path = path_of("https://example.org/a/st\u00e4ts/")
    assert path == "/a/st%C3%A4ts"
    scope, headers = await asked("/a/st\u00e4ts/sites/x", below_path=path, inside=Inside((b"location", b"/login")))
    assert scope["path"] == "/sites/x"
    assert headers == [(b"location", b"/a/st%C3%A4ts/login")]


@pytest.mark.parametrize(
    ("name", "value", "led"),
    [
        (b"location", b"/login?next=/sites/x", b"/stats/login?next=/sites/x"),
        (b"location", b"https://example.org/", b"https://example.org/"),
        (b"location", b"//elsewhere.example/", b"//elsewhere.example/"),
        (b"set-cookie", b"a=b; HttpOnly; Path=/; Secure", b"a=b; HttpOnly; Path=/stats; Secure"),
        (b"Set-Cookie", b"a=b; path=/", b"a=b; path=/stats"),
        (b"set-cookie", b"a=b; Path=/other", b"a=b; Path=/other"),
        (b"content-type", b"/", b"/"),
    ],
)
async def test_where_an_answer_leads_and_its_cookies_are_below_the_path(name: bytes, value: bytes, led: bytes):
    _, headers = await asked("/", inside=Inside((name, value)))
    assert headers == [(name, led)]


def test_links_of_a_page_are_below_the_path_and_what_was_sent_is_untouched():
    html = '<a href="/sites/x"> <form\n action="/login"> <a href="//x.example/"> <a href="#top"> href=&#34;/typed&#34;'
    seen = html.replace('"/sites', '"/stats/sites').replace('"/login', '"/stats/login')
    assert seen_below("/stats", html) == seen
    assert seen_below("", html) == html


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("https://example.org/stats/", "https://example.org/stats"),
        ("https://example.org//evil.example//", "https://example.org/evil.example"),
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("https://example.org", "https://example.org"),
        ("", None),
    ],
)
def test_the_public_address_has_one_spelling(said: str, address: str | None):
    assert public_address(said) == address


@pytest.mark.parametrize("said", ["https://example.org/stats?x=1", "https://example.org/#stats", "stats.example.org/x"])
def test_a_public_address_that_is_more_than_one_is_refused(said: str):
    with pytest.raises(ValueError, match="must"):
        public_address(said)
