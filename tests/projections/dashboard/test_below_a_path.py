"""Below a path of a host the dashboard is whole: every link, file, form, redirect and answer is found below it."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from httpx import ASGITransport, AsyncClient

from collector.serving.below import Below
from collector.serving.role import asgi, claims_of
from collector.serving.table import AddressTable, Owner
from contracts.events import BotRule
from tests.facts import BERT, event, pageview
from tests.projections.dashboard.outline import Outline
from tests.projections.query.world import NOW, World, open_world

PATH = "/stats"
TOKEN = "a token of the test's own"


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[World]:
    """A dashboard below a path, with some facts; asked as by a proxy that leaves the path where it is."""
    async with open_world(database_url, public_url=f"https://shop.example{PATH}", access_token=TOKEN) as world:
        assert world.app is not None
        table = AddressTable({Owner.QUERY: claims_of(world.app)})
        whole = ASGITransport(Below(asgi(world.app), table, PATH), raise_app_exceptions=False)
        async with AsyncClient(transport=whole, base_url="https://shop.example") as client:
            await world.tell(pageview("/a b", at=NOW), event("Signup", at=NOW), pageview(at=NOW, site="other.example"))
            await world.tell(pageview("/robot", at=NOW, visitor=BERT, bot=BotRule.CRAWLER, bot_name="Googlebot"))
            plain, world.client = world.client, client
            yield world
            world.client = plain


def seen(path: str, *, is_taken_off: bool) -> str:
    """Return what the proxy hands on of a link to *path*."""
    return (path.removeprefix(PATH) or "/") if is_taken_off else path


@pytest.mark.parametrize("is_taken_off", [False, True])
async def test_every_link_file_and_form_is_below_the_path_and_there(shop: World, *, is_taken_off: bool):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    found: set[str] = set()
    for path in (
        "/",
        "/sites/example.org?who=all&filter=page:/a%20b",
        "/sites/example.org/page",
        "/sites/other.example/settings",
    ):
        answer = await shop.client.get(seen(PATH + path, is_taken_off=is_taken_off), headers=headers)
        assert answer.status_code == 200, answer.text
        page = Outline(answer.text)
        led = [value or "" for _, tag in page.tags for name, value in tag.items() if name in ("href", "src", "action")]
        assert [value for value in led if not value.startswith((f"{PATH}/", "#"))] == []
        found |= {value for value in led if not value.startswith("#") and "/v1/admin/" not in value}
    assert len(found) > 60
    for link in sorted(found):
        answer = await shop.client.get(seen(link, is_taken_off=is_taken_off), headers=headers)
        assert answer.status_code in (200, 405), link


async def test_the_snippet_and_the_description_name_the_whole_address(shop: World):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    page = await shop.client.get(f"{PATH}/sites/example.org/settings", headers=headers)
    assert 'src="https://shop.example/stats/js/c.js"' in Outline(page.text).words
    schema = (await shop.client.get(f"{PATH}/schema/openapi.json", headers=headers)).json()
    assert schema["servers"] == [{"url": PATH}]


async def test_one_signs_in_and_out_below_the_path_and_the_cookie_is_sent_nowhere_else(shop: World):
    asked = await shop.client.get(f"{PATH}/sites/example.org?period=30d")
    assert asked.status_code == 303
    login = urlsplit(asked.headers["location"])
    assert login.path == f"{PATH}/login"
    form = Outline((await shop.client.get(asked.headers["location"])).text).forms[-1]
    assert form.action == f"{PATH}/login"
    signed_in = await shop.client.post(form.action, data={**form.fields, "token": TOKEN})
    assert signed_in.headers["location"] == f"{PATH}/sites/example.org?period=30d"
    assert "Path=/stats;" in signed_in.headers["set-cookie"]
    assert (await shop.client.get(signed_in.headers["location"])).status_code == 200
    out = await shop.client.post(f"{PATH}/logout")
    assert out.headers["location"] == f"{PATH}/login"
    assert (await shop.client.get(f"{PATH}/")).status_code == 303


async def test_what_is_wrong_is_said_on_a_page_that_leads_on_below_the_path(shop: World):
    page = await shop.client.get(f"{PATH}/sites/a..b", headers={"Authorization": f"Bearer {TOKEN}"})
    assert page.status_code == 404
    assert f"{PATH}/" in Outline(page.text).hrefs()
