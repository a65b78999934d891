"""The list shows every site there is, and a name that is no site is 404 where sites are decided about or listed."""

from collections.abc import AsyncIterator

import pytest

from contracts.control.sites import NameUse
from contracts.tallies import Ending
from projections.query.caller import only_caller
from projections.query.database import open_engine, reading
from projections.query.known_sites import Listing, known_site
from projections.query.problems import Refused
from tests.facts import pageview
from tests.projections.control.deciding import archived, decided, erased, named, site
from tests.projections.query.world import NOW, World, open_world
from tests.projections.tallies.telling import head, kept, line, part

EVERYWHERE = ("/sites/{}", "/sites/{}/page", "/api/stats/{}/overview", "/api/stats/{}/breakdown/page.csv")


@pytest.fixture
async def production(database_url: str) -> AsyncIterator[World]:
    """An application that collects for listed sites, and for those that are decided about."""
    async with open_world(database_url, listed_sites=["shop.example", "blog.example"]) as made:
        yield made


async def listed(world: World) -> dict[str, str]:
    """Return every site of the list, and the state that was decided, if any."""
    return {one["site"]: one.get("state", "") for one in (await world.get("/api/sites")).json()["sites"]}


async def statuses(world: World, name: str) -> set[int]:
    return {(await world.get(path.format(name))).status_code for path in EVERYWHERE}


async def test_in_production_the_list_has_the_sites_without_facts_and_another_name_is_404(production: World):
    await production.tell(pageview(at=NOW, site="shop.example"))
    assert await listed(production) == {"shop.example": "", "blog.example": ""}
    assert [one["site"] for one in (await production.get("/api/stats")).json()["sites"]] == ["blog.example", "shop.example"]
    assert "/sites/blog.example" in await production.page("/")
    assert await statuses(production, "blog.example") == {200}
    for name in ("other.example", "openapi.json", "docs", "blog.exmaple"):
        assert await statuses(production, name) == {404}, name


async def test_where_any_name_may_send_the_first_is_awaited_and_then_another_that_has_not_is_none(world: World):
    assert await statuses(world, "new.example") == {200}, "the first one, whatever it will be called"
    await world.tell(pageview(at=NOW, site="seen.example"))
    assert await statuses(world, "new.example") == {404}, "from then on it is a name that has not sent"
    await decided(world.database_url, site("shop.example"))
    assert await statuses(world, "new.example") == {404}
    assert await statuses(world, "seen.example") == {200}, "its facts are there"
    assert await listed(world) == {"seen.example": "", "shop.example": "open"}


async def test_an_archived_site_is_marked_and_an_erased_one_is_none(world: World):
    kept_, gone = site("kept.example", label="Kept for the record"), site("gone.example")
    names = (*named(gone, "gone.example", NameUse.DOMAIN), *named(gone, "gone.test", version=3))
    await world.tell(pageview(at=NOW, site="kept.example"), pageview(at=NOW, site="gone.example"))
    await decided(world.database_url, kept_, archived(kept_), gone, *names, erased(gone, 4))
    assert await listed(world) == {"kept.example": "archived"}
    page = await world.page("/")
    assert "Archived: takes nothing more" in page
    assert "Kept for the record" in page
    assert await statuses(world, "kept.example") == {200}
    for name in ("gone.example", "gone.test"):
        assert await statuses(world, name) == {404}


async def test_another_name_of_a_site_leads_to_it(world: World):
    shop = site("shop.example")
    await world.tell(pageview(at=NOW, site="shop.example"))
    await decided(world.database_url, shop, *named(shop, "shop.test", NameUse.DOMAIN))
    assert (await world.ask("overview", site="shop.test"))["pageviews"] == 1
    for path in ("/sites/{}?period=30d", "/sites/{}/page?period=30d"):
        answer = await world.client.get(path.format("shop.test"))
        assert (answer.status_code, answer.headers["location"]) == (303, path.format("shop.example"))


async def test_a_page_without_news_is_another_once_something_is_decided(world: World):
    await world.tell(pageview(at=NOW))
    mark = (await world.get("/")).headers["etag"]
    await decided(world.database_url, site("shop.example"))
    assert (await world.client.get("/", headers={"If-None-Match": mark})).status_code == 200


async def test_dropped_hits_of_a_misspelt_name_are_said_beside_the_sites(production: World):
    lines = part(line(14, Ending.DROPPED, "unknown_site", site="blog.exmaple"))
    await kept(production.database_url, head(), lines)
    page = await production.page("/")
    assert "blog.exmaple" in page
    assert "/sites/blog.exmaple" not in page


async def test_the_settings_list_nothing_for_another_tenant(world: World):
    engine = open_engine(world.database_url)
    listing = Listing(tenant="main", sites=frozenset({"shop.example"}))
    async with reading(engine, only_caller("main")) as connection:
        assert await known_site(connection, only_caller("main"), "shop.example", listing) == "shop.example"
    async with reading(engine, only_caller("acme")) as connection:
        with pytest.raises(Refused):
            await known_site(connection, only_caller("acme"), "shop.example", listing)
    await engine.dispose()


async def test_a_name_that_is_none_is_told_so_and_one_that_was_added_waits(world: World):
    await world.tell(pageview(at=NOW, site="seen.example"))
    page = await world.get("/sites/sean.example")
    assert "There is no such site" in page.text
    assert "Waiting" not in page.text
    problem = await world.get("/api/stats/sean.example/overview")
    assert (problem.headers["content-type"], problem.json()["title"]) == ("application/problem+json", "There is no such site")
    await decided(world.database_url, site("new.example"))
    assert "Waiting for the first event" in await world.page("/sites/new.example")
    assert (await world.ask("overview", site="new.example"))["visitors"] == 0
