"""What a rebuild changes is said to the last number and row, from one moment of both; and looking changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.differences.comparison import differences
from projections.differences.difference import Difference, Sides
from projections.projections import PROJECTIONS, WEB
from projections.projector.projection import Projection
from projections.projector.rebuild import Purpose, backfill
from tests.facts import BERT, NOON, event, pageview, traffic
from tests.faults.publishing import publishing
from tests.projections.world import Facts, Tables, project_all, projecting, utc_now

Compared = Callable[..., Any]


@pytest.fixture
def compared(facts: Facts, database_url: str) -> Compared:
    """Compare what is read with what the stream says, and return what differs and whether both were level."""

    async def compare(purpose: Purpose = Purpose.COMPARE, **options: Any) -> tuple[list[Difference], bool]:
        found: list[Difference] = []
        levels: list[bool] = []

        async def look(connection: AsyncConnection, projection: Projection, sides: Sides) -> None:
            levels.append(sides.is_level)
            found.extend(await differences(connection, projection, sides))

        only_web = {"projections": (WEB,)} | options
        urls = {"nats_url": facts.nats_url, "database_url": database_url}
        await backfill(**urls, clock=utc_now, purpose=purpose, compare=look, **only_web)
        return found, all(levels)

    return compare


@pytest.fixture
async def counted(facts: Facts, tables: Tables, database_url: str) -> Tables:
    """Tables that have counted two people's pages and an event of theirs."""
    later = NOON + timedelta(minutes=1)
    await facts.publish(pageview("/"), pageview("/about", at=later), event(at=later), pageview("/", visitor=BERT))
    await project_all(facts, tables, database_url)
    return tables


async def test_nothing_differs_where_every_row_is_the_same(facts: Facts, tables: Tables, database_url: str, compared: Compared):
    await facts.publish(*traffic(200, seed=1))
    await project_all(facts, tables, database_url)
    before = await tables.digest()
    assert await compared(projections=PROJECTIONS) == ([], True)
    assert await tables.digest() == before
    assert await tables.rows("SELECT schema_name FROM public.generations WHERE projection = 'web'") == [
        {"schema_name": "web_g1"}
    ]


def said(found: list[Difference], *, day: str = "2026-11-20") -> dict[str, tuple[float | None, float | None]]:
    """Return the numbers of a day, or of all days by dimension."""
    return {
        f"{one.dimension} {one.value} {one.number}".strip(): (one.was, one.is_now)
        for one in found
        if str(one.day or "") == ("" if one.dimension else day)
    }


async def test_every_number_that_differs_is_said(counted: Tables, compared: Compared):
    await counted.connection.execute("DELETE FROM coded_hits WHERE page = (SELECT id FROM pages WHERE path = '/about')")
    elsewhere = await counted.value(
        "INSERT INTO origins (tenant, site, fingerprint, source, channel)"
        " SELECT tenant, site, 'x', 'Elsewhere', channel FROM origins RETURNING id"
    )
    await counted.connection.execute("UPDATE coded_visits SET origin = $1, pageviews = 1 WHERE pageviews = 2", elsewhere)
    found, is_level = await compared()
    assert is_level
    assert said(found) == {
        "pageviews": (2, 3),
        "views_per_visit": (1.0, 1.5),
        "page /about pageviews": (0, 1),
        "source Elsewhere visits": (1, 0),
        "hostname example.org pageviews": (2, 3),
        "source Direct visits": (1, 2),
        "rows of hits": (3, 4),
        "rows of visits, some of them others": (2, 2),
    }


async def test_a_site_that_is_read_and_not_made_differs_in_all_it_has(counted: Tables, compared: Compared):
    await counted.connection.execute("UPDATE site_ids SET site = 'other.example'")
    found, _ = await compared()
    numbers = {(one.site, one.was, one.is_now) for one in found if one.number == "visitors"}
    assert numbers == {("other.example", 2, 0), ("example.org", 0, 2)}


async def test_both_are_compared_at_one_moment_while_facts_arrive(
    facts: Facts, tables: Tables, database_url: str, compared: Compared
):
    await facts.publish(*traffic(200, seed=3))
    await project_all(facts, tables, database_url)
    async with projecting(facts.nats_url, database_url), publishing(facts):
        for _ in range(2):
            assert await compared() == ([], True)


async def test_what_is_read_is_brought_up_where_no_projector_runs(facts: Facts, counted: Tables, compared: Compared):
    await facts.publish(*traffic(30, seed=4))
    assert await compared(Purpose.REPLACE) == ([], True)
    await counted.turn_to_current()
    assert await counted.count("hits") == 34


async def test_nothing_that_is_made_to_compare_stays(facts: Facts, tables: Tables, compared: Compared):
    await facts.publish(*traffic(10, seed=5))
    found, _ = await compared()
    assert {one.was for one in found} == {0, None}, "nothing was counted yet"
    assert await tables.count("hits") == 0
    assert await tables.value("SELECT count(*) FROM public.generations WHERE projection = 'web'") == 1
