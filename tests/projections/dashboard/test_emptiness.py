"""Where a period shows nothing, the page says why, and leads to where there is something."""

from datetime import timedelta

from contracts.events import BotRule
from tests.facts import BERT, pageview
from tests.projections.dashboard.outline import Outline
from tests.projections.query.world import NOW, World

PAST = NOW - timedelta(days=400)
THERE = "period=custom&from=2025-10-14&to=2025-10-15"
ROBOT = {"visitor": BERT, "bot": BotRule.CRAWLER, "bot_name": "Googlebot"}


async def imported(world: World) -> None:
    """Let there be a year-old import, and one robot of today."""
    await world.tell(
        pageview("/old", at=PAST), pageview("/old", at=PAST + timedelta(days=1)), pageview("/robot", at=NOW, **ROBOT)
    )


async def said_and_led(world: World, path: str = "/sites/example.org", **asked: object) -> tuple[str, list[str]]:
    page = Outline(await world.page(path, **asked))
    return page.said(), page.hrefs()


async def test_facts_of_other_days_are_led_to_also_with_a_filter_on(world: World):
    await world.tell(pageview("/old", at=PAST), pageview("/old", at=PAST + timedelta(days=1)))
    for path in ("/sites/example.org", "/sites/example.org/page"):
        words, links = await said_and_led(world, path)
        assert "There are visits from 14 Oct 2025 to 15 Oct 2025." in words.replace("14 Oct to", "14 Oct 2025 to"), words
        assert f"{path}?{THERE}" in links
        words, links = await said_and_led(world, path, filter="page:/old")
        assert f"{path}?{THERE}&filter=page:/old" in links
        assert "because of your filter" not in words


async def test_a_filter_that_leaves_nothing_is_told_apart_from_days_without_facts(world: World):
    await world.tell(pageview("/here", at=NOW))
    for path in ("/sites/example.org", "/sites/example.org/page"):
        words, links = await said_and_led(world, path, period="30d", filter="page:/nowhere")
        assert "Nothing in this period because of your filter." in words
        assert f"{path}?period=30d" in links
    words, _ = await said_and_led(world, filter=["page:/nowhere", "country:NO"])
    assert "because of your filters" in words
    assert "because of your filter" not in (await said_and_led(world, filter="page:/here"))[0]


async def test_where_only_robots_or_only_people_came_that_is_said(world: World):
    await imported(world)
    words, links = await said_and_led(world)
    assert "Only robots came in this period." in words
    assert "/sites/example.org?who=bot" in links
    words, links = await said_and_led(world, who="bot", period="custom", **{"from": "2025-10-14", "to": "2025-10-15"})
    assert "Only people came in this period" in words
    assert f"/sites/example.org?{THERE}" in links


async def test_the_list_says_since_when_a_site_is_quiet_and_leads_to_its_days(world: World):
    await world.tell(
        *(pageview(at=PAST, site="past.example"), pageview(at=PAST + timedelta(days=1), site="past.example")),
        pageview(at=NOW, site="busy.example"),
        pageview(at=NOW, site="robots.example", **ROBOT),
    )
    words, links = await said_and_led(world, "/")
    assert words.count("Visits from") == 1
    assert f"/sites/past.example?{THERE}" in links
    assert {"/sites/busy.example", "/sites/robots.example"} <= set(links)
