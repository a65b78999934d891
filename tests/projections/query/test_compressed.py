"""Answers are compressed for whoever takes it, tell caches so, and give no secret away by their length."""

import pytest

from contracts.control.people import Grant, Role
from contracts.sessions import csrf_token, masked_csrf, shows_csrf
from projections.query.access import SESSION_COOKIE
from projections.query.compressed import takes_gzip
from tests.facts import event, pageview
from tests.projections.control.deciding import decided, joined, site, started
from tests.projections.dashboard.outline import Outline
from tests.projections.query.world import NOW, World

PLAIN = {"Accept-Encoding": "identity"}
GZIP = {"Accept-Encoding": "br, gzip"}


@pytest.fixture
async def busy(world: World) -> World:
    """A site with enough on it for a page worth compressing."""
    await world.tell(*(pageview(f"/page/{number}", at=NOW) for number in range(60)), event("Signup", at=NOW))
    return world


async def test_pages_files_answers_and_exports_are_compressed_for_who_takes_it(busy: World):
    page = Outline(await busy.page())
    (style,) = [tag["href"] for tag in page.attributes("link") if tag["rel"] == "stylesheet"]
    scripts = [tag["src"] for tag in page.attributes("script")]
    api = "/api/stats/example.org/breakdown/page"
    for path in ("/sites/example.org", style, scripts[1], api, f"{api}.csv", "/schema/openapi.json"):
        plain = await busy.client.get(path, headers=PLAIN)
        small = await busy.client.get(path, headers=GZIP)
        assert small.headers["content-encoding"] == "gzip", path
        assert "content-encoding" not in plain.headers
        assert small.content == plain.content, path
        assert small.headers["vary"] == plain.headers["vary"]
        assert "Accept-Encoding" in small.headers["vary"].split(",")
        assert small.num_bytes_downloaded < plain.num_bytes_downloaded * 0.6, path
        assert small.headers.get("content-length", str(small.num_bytes_downloaded)) == str(small.num_bytes_downloaded)


async def test_a_page_without_news_says_so_however_it_was_sent(busy: World):
    for sent in (PLAIN, GZIP):
        mark = (await busy.client.get("/sites/example.org", headers=sent)).headers["etag"]
        assert mark.startswith("W/")
        for known in (mark, mark.removeprefix("W/"), f'"another", {mark}'):
            again = await busy.client.get("/sites/example.org", headers=sent | {"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert (again.headers["etag"], again.headers["vary"]) == (mark, "Accept-Encoding")


async def test_what_is_small_is_sent_as_it_is(busy: World):
    answer = await busy.client.get("/robots.txt", headers=GZIP)
    assert "content-encoding" not in answer.headers


def test_a_client_is_believed_what_it_takes():
    assert all(takes_gzip(said) for said in ("gzip", "br;q=1, GZIP ; q=0.5", "deflate,gzip"))
    assert not any(takes_gzip(said) for said in ("gzip;q=0", "gzip; q=0.000, *", "gzipped", "br", "identity", ""))


async def test_the_token_of_forms_looks_different_each_time_and_is_the_same(world: World):
    await decided(
        world.database_url, site("shop.example"), *joined("kim", Grant(role=Role.OWNER)), started("cookie-kim", "kim")
    )
    headers = {"Cookie": f"{SESSION_COOKIE}=cookie-kim"}
    shown = {Outline((await world.client.get("/", headers=headers)).text).forms[0].fields["csrf"] for _ in range(3)}
    assert len(shown) == 3
    assert all(shows_csrf(token, "cookie-kim") for token in shown)
    assert not any(token[-32:] in other for token in shown for other in shown - {token})


def test_only_its_own_session_takes_a_token():
    masked = masked_csrf("mine")
    assert shows_csrf(masked, "mine")
    assert shows_csrf(csrf_token("mine"), "mine")
    others = (
        masked_csrf("theirs"),
        csrf_token("theirs"),
        "",
        "x",
        "00" * 32,
        "00" * 64,
        masked[:-2],
        masked + "00",
        "\u00e9" * 64,
    )
    assert not any(shows_csrf(shown, "mine") for shown in others)
