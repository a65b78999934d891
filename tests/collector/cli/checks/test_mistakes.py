"""Doctor and the setup page name what pages and proxies do wrong: what is so, how often, and what to do, and nobody in it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from collector.cli.checks.mistakes import said_of
from collector.cli.clock import utc_now
from contracts.events import BotRule
from projections.migrations import migrate
from projections.query.mistakes import Mistake, Seen, mistakes_in
from projections.query.signs import LOOKED_AT, SiteSigns
from tests.collector.ingest import ADDRESS, Running, running
from tests.facts import pageview
from tests.projections.dashboard.outline import Outline
from tests.projections.query.world import NOW, World, open_world
from tests.projections.tallies.telling import keeping

SITES = ("proxied.example", "crowded.example", "blocked.example", "late.example", "fine.example", "shop.example")
PRODUCTION = {"COLLECTOR_MODE": "production", "COLLECTOR_SITES": ",".join(SITES)}
BROWSERS = [f"Mozilla/5.0 (X11; Linux x86_64; rv:{number}.0) Gecko/20100101 Firefox/{number}.0" for number in range(120, 150)]
VISITOR = "198.51.100.70"


class Installation:
    """An ingest half, the database that its tallies are read into, and the two places where they are told."""

    def __init__(self, ingest: Running, nats_url: str, world: World, collector: Any) -> None:
        self.ingest, self.world = ingest, world
        self._nats_url, self._collector = nats_url, collector

    async def send(self, site: str, *, agent: str = BROWSERS[0], at: str | None = None, **headers: str) -> httpx.Response:
        body = {"domain": site, "pathname": "/"} | ({} if at is None else {"timestamp": at})
        return await self.ingest.http.post("/api/event", json=body, headers={"User-Agent": agent, **headers})

    async def load(self, page: str) -> None:
        answer = await self.ingest.http.get("/js/c.js", headers={"Referer": page, "User-Agent": BROWSERS[0]})
        assert answer.status_code == 200

    async def told(self) -> None:
        """Tell what there is, and read it."""
        await self.ingest.ingest.teller.tell()
        async with keeping(self._nats_url, self.world.database_url) as keeper:
            await keeper.look(utc_now())

    def doctor(self) -> str:
        servers = {"COLLECTOR_NATS_URL": self._nats_url, "COLLECTOR_DATABASE_URL": self.world.database_url}
        said: str = self._collector("doctor", **servers, **PRODUCTION).stdout
        assert VISITOR not in said
        assert ADDRESS not in said
        return said

    async def page(self, path: str) -> str:
        return " ".join(Outline(await self.world.page(path)).words.split())


@pytest.fixture
async def installation(stream_free_nats: str, postgres_url: str, collector: Any) -> AsyncIterator[Installation]:
    await migrate(postgres_url)
    async with running(stream_free_nats, PRODUCTION) as ingest, open_world(postgres_url, listed_sites=SITES) as world:
        world.now = utc_now()
        yield Installation(ingest, stream_free_nats, world, collector)


async def test_each_mistake_is_found_where_it_is_made_and_nowhere_else(installation: Installation, subtests: pytest.Subtests):
    for number in range(3):
        await installation.send("proxied.example", **{"X-Forwarded-For": VISITOR})
        await installation.send("fine.example")
        await installation.send("late.example", at=(utc_now() + timedelta(days=number - 1)).isoformat())
    await installation.send("late.example", at=(utc_now() - timedelta(days=9)).isoformat())
    await installation.send("late.example", at=(utc_now() - timedelta(days=900)).isoformat())
    for agent in BROWSERS:
        await installation.send("crowded.example", agent=agent)
    for page in (
        "https://www.blocked.example/",
        "https://blocked.example/posts",
        "https://fine.example/",
        "https://else.example/",
    ):
        await installation.load(page)
    await installation.told()
    said, front = installation.doctor(), await installation.page("/")
    for mistake, subject, where in (
        (Mistake.UNNAMED_PROXY, "Proxy", "proxied.example (3 of 3 hits)"),
        (Mistake.FEW_ADDRESSES, "Addresses", "crowded.example (20 or more from 1)"),
        (Mistake.NOTHING_SENT, "Pages", "blocked.example (loaded 2 times)"),
        (Mistake.CLOCKS, "Clocks", "late.example (3 of 5 hits: 1 in the future, 2 long past)"),
    ):
        with subtests.test(subject):
            assert f"note  {subject}: {mistake.value}: {where}\n      -> " in said
            assert f"{mistake.value[1:]}: {where}." in front
    waiting = await installation.page("/sites/blocked.example")
    assert "Pages load the snippet and nothing comes of them: blocked.example (loaded 2 times)." in waiting
    assert "connect-src http://localhost:8000" in waiting
    assert "nothing comes of them" not in await installation.page("/sites/shop.example")


async def test_robots_alone_are_no_first_event(installation: Installation):
    facts = [pageview(f"/{number}", at=utc_now(), site="shop.example", bot=BotRule.CRAWLER) for number in range(2)]
    await installation.world.tell(*facts)
    assert "note  Robots: only robots so far: shop.example (2 facts)" in installation.doctor()
    page = await installation.page("/sites/shop.example")
    assert "Waiting for the first event from shop.example" in page
    assert "Only robots so far: shop.example (2 facts)." in page
    assert "Waiting" not in await installation.page("/sites/shop.example?who=bot")
    await installation.world.tell(pageview("/", at=utc_now(), site="shop.example"))
    assert "Only robots so far" not in await installation.page("/sites/shop.example")


async def test_somebody_among_many_robots_is_seen_in_bounded_time(installation: Installation):
    facts = [pageview(f"/{number}", at=utc_now(), site="shop.example", bot=BotRule.CRAWLER) for number in range(LOOKED_AT + 1)]
    await installation.world.tell(*facts, pageview("/", at=utc_now() + timedelta(seconds=1), site="shop.example"))
    assert "note  Robots" not in installation.doctor()


async def test_the_setup_page_shows_what_came_under_a_name_like_its_own_and_what_was_not_stored(installation: Installation):
    for name in ("aaa.example", "shpo.example", "zzz.example"):
        await installation.send(name)
    await installation.send("shop.example", **{"Sec-GPC": "1"})
    await installation.told()
    page = await installation.page("/sites/shop.example")
    assert "Hits came for names that no site has: shpo.example (1, since" in page
    assert "and was not stored: 1 dropped (asked not to be counted)." in page
    assert "shpo.example (1, since 20" in installation.doctor()


SEEN = SiteSigns(site="shop.example", since=NOW, hits=100, pages=100, addresses=5, agents=20)


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ({}, None),
        ({"unread": 2}, None),  # some visitors' own proxies
        ({"unread": 49}, None),
        ({"unread": 50}, Mistake.UNNAMED_PROXY),
        ({"pages": 1, "unread": 1, "private": 1}, Mistake.UNNAMED_PROXY),  # from a private network: certain at once
        ({"pages": 2, "unread": 2}, None),  # from afar: anybody can say that
        ({"private": 100, "addresses": 1, "agents": 1}, None),  # somebody on this machine
        ({"private": 100, "addresses": 1, "agents": 3}, Mistake.FEW_ADDRESSES),
        ({"addresses": 1, "agents": 4}, None),  # a household
        ({"addresses": 4, "agents": 20}, Mistake.FEW_ADDRESSES),  # four load balancers
        ({"addresses": 0, "agents": 0, "pages": 0}, None),  # a back end with a key
        ({"ahead": 2}, None),
        ({"ahead": 2, "behind": 1}, Mistake.CLOCKS),
        ({"loaded": 9, "ended": 100}, None),
        ({"loaded": 9, "hits": 0, "pages": 0}, Mistake.NOTHING_SENT),
        ({"loaded": 1, "hits": 0, "pages": 0}, None),  # its first event is under way
        ({"loaded": 9, "hits": 0, "pages": 0, "site": "localhost"}, None),
    ],
)
def test_a_few_strays_are_no_mistake(signs: dict[str, Any], expected: Mistake | None):
    found = [seen.mistake for seen in mistakes_in([replace(SEEN, **signs)], {})]
    assert found == ([] if expected is None else [expected])


def test_a_mistake_at_many_sites_is_one_line_that_names_a_few():
    seen = [Seen(mistake=Mistake.CLOCKS, site=f"{number}.example", times="3 of 3 hits") for number in range(9)]
    (finding,) = said_of(seen)
    assert finding.text.endswith("4.example (3 of 3 hits) and others")
