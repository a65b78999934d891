"""The ledger on pages: a strip under the chart, both sides by day, and what stands behind each number."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from contracts.events import BotRule
from contracts.tallies import Ending, hour_of
from projections.dashboard.panels.ledger import SIGNS, WORDS
from projections.query.ledger.balance import MEANINGS, Verdict
from projections.query.metrics import METRICS
from tests.facts import pageview
from tests.projections.query.world import NOW, World
from tests.projections.tallies.telling import OTHER_RUN, head, line, part
from tests.projections.tallies.two_sides import told_and_read

PAGE = "/sites/example.org"
BEFORE = hour_of(NOW) - timedelta(hours=1)
YESTERDAY = BEFORE - timedelta(days=1)


def at(hour: Any = BEFORE, **fields: Any) -> Any:
    return pageview(at=hour + timedelta(minutes=5), received_at=hour + timedelta(minutes=5), **fields)


async def tell(world: World) -> None:
    """Have a day that adds up, one that lost a fact, and one in which a process fell silent."""
    gap = YESTERDAY - timedelta(days=1)
    await world.tell(at(), at(bot=BotRule.CRAWLER), at(YESTERDAY), at(gap))
    parts = [
        part(line(many), at=day, number=number) for number, (day, many) in enumerate([(BEFORE, 2), (YESTERDAY, 2), (gap, 1)])
    ]
    dropped = part(line(3, Ending.DROPPED, "excluded"), at=BEFORE, number=9)
    lived = replace(head(run="1" * 16, ended=True), started_at=NOW - timedelta(days=9))
    await told_and_read(world.database_url, lived, *parts, dropped, head(run=OTHER_RUN, at=gap), until=NOW)


async def test_the_strip_says_in_words_what_each_day_is_and_leads_to_the_ledger(world: World):
    await tell(world)
    page = await world.page(PAGE)
    strip = page.partition('id="strip"')[2].partition("</p>")[0]
    assert 'href="/sites/example.org/ledger"' in strip
    assert strip.count('class="cell ') == 7
    assert "1 does not add up" in strip
    assert "1 has a gap" in strip
    assert "1 is open" in strip


async def test_the_page_has_both_sides_and_names_the_first_hour_that_does_not_add_up(world: World):
    await tell(world)
    page = await world.page(f"{PAGE}/ledger")
    assert "17 Nov 2026. From 14:00: 1 stored event is missing in the stream." in page
    assert "An ingest process (0.1.0) fell silent" in page
    assert "3 dropped: left out by the site" in page
    assert page.count('<tr><th scope="row">') == 7


async def test_the_ledger_is_of_utc_whatever_zone_the_page_is_in(world: World):
    await tell(world)
    page = await world.page(f"{PAGE}/ledger", timezone="Pacific/Kiritimati", filter="country:NO", who="bot")
    assert "1 stored event is missing" in page


async def test_every_number_opens_its_definition_and_what_was_left_out_of_it(world: World):
    await tell(world)
    whole = await world.page(PAGE)
    for metric in METRICS:
        assert f'href="/sites/example.org/about/{metric.name}"' in whole
        assert f"Version {metric.version}" in await world.page(f"{PAGE}/about/{metric.name}")
    page = await world.page(f"{PAGE}/about/visitors")
    assert "3 events of the period" in page
    assert "1 of robots, by rule" in page
    assert "1 missing" in page
    assert "3 dropped: left out by the site" in page


async def test_there_is_no_page_about_what_is_no_number(world: World):
    response = await world.get(f"{PAGE}/about/'; DROP TABLE ends")
    assert response.status_code == 404
    assert "DROP" not in response.text


def test_every_verdict_has_a_sign_words_and_a_meaning():
    assert set(SIGNS) == set(WORDS) == set(MEANINGS) == set(Verdict)
