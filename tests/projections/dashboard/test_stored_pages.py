"""The pages about engagement, properties and revenue show what the answers say, and lead on to whatever they name."""

import html
import random
import re

from tests.facts import event
from tests.projections.query.web.test_stored import AT, shop
from tests.projections.query.world import SITE, World

HERE = f"/sites/{SITE}"


async def test_every_property_amount_link_and_missing_page_can_be_found(world: World):
    facts = shop()
    random.Random(3).shuffle(facts)
    await world.tell(*facts)
    start = await world.page(HERE, period="today", show=["link", "not_found", "browser_version"])
    for shown in ("https://code.example/demo", "/gone", "/said", "Chrome 142"):
        assert f">{shown}</a>" in start
    assert [f'href="{HERE}/{below}?period=today' in start for below in ("engagement", "properties", "revenue")] == [True] * 3
    assert "/files/guide.pdf" in await world.page(HERE, period="today", show="download")

    assert cells(await world.page(f"{HERE}/properties", period="today"))[0] == ["plan", "2", "4"]
    assert cells(await world.page(f"{HERE}/prop:plan", period="today"))[0] == ["pro", "2", "66.7%", "2", "66.7%"]

    page = await world.page(f"{HERE}/revenue", period="today")
    for shown in ("110.10", "36.70", "5.00", "1.67"):
        assert f'<span class="tile-value">{shown}</span>' in page
    assert cells(page)[1] == ["newsletter", "10.10 EUR", "2", "5.05 EUR", "1"]
    page = await world.page(f"{HERE}/revenue/prop:plan", period="today", filter=["source:newsletter"])
    assert cells(page) == [["pro", "9.90 EUR", "1", "9.90 EUR", "1"], ["plus", "0.20 EUR", "1", "0.20 EUR", "1"]]

    page = await world.page(f"{HERE}/engagement", period="today")
    assert cells(page)[0] == ["/", "2", "2", "2", "0%", "1", "50%", "10s", "20%"]
    assert '<span class="tile-value">2.67</span>' in page


async def test_a_page_without_anything_says_how_to_send_it(world: World):
    await world.tell(event("Said", at=AT))
    for below, words in (("properties", "{props:"), ("revenue", "{revenue:"), ("engagement", "No page was seen")):
        assert words in html.unescape(await world.page(f"{HERE}/{below}", period="today"))
    wrong = await world.get(f"{HERE}/revenue/nothing")
    assert wrong.status_code == 404


def cells(page: str) -> list[list[str]]:
    """Return the cells of each row of the page's tables."""
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', page, re.DOTALL)
    return [
        [html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.split(r"</th>|</td>", row)[:-1]] for row in rows
    ]
