"""One site made anew is what a whole rebuild makes of it, and no other site's rows are touched."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.differences.comparison import differences
from projections.differences.difference import Difference, Sides
from projections.projections import PROJECTIONS
from projections.projector.one_site import OneSite, remake
from projections.projector.projection import Projection
from projections.projector.rebuild import Purpose
from tests.projections.projector.test_rebuild import fill, schemas
from tests.projections.world import Facts, Tables, project_all, projecting, until

SITE = "site-1.example"
_OF_SITE = "(SELECT id FROM site_ids WHERE site = 'site-1.example')"
SPOIL = f"""
    DELETE FROM coded_hits WHERE site = {_OF_SITE} AND kind = 2;
    UPDATE coded_visits SET pageviews = 7 WHERE site = {_OF_SITE};
"""


@pytest.fixture
def remade(facts: Facts, database_url: str) -> Callable[..., Any]:
    """Make the site anew, and return what differed."""

    async def remakes(purpose: Purpose) -> list[Difference]:
        found: list[Difference] = []

        async def look(connection: AsyncConnection, projection: Projection, sides: Sides) -> None:
            found.extend(await differences(connection, projection, sides))

        one = OneSite(
            tenant="main",
            site=SITE,
            nats_url=facts.nats_url,
            database_url=database_url,
            partitions=1,
            purpose=purpose,
            compare=look,
        )
        await remake(PROJECTIONS, one)
        return found

    return remakes


async def test_a_site_that_was_spoilt_is_what_it_was_and_only_it_is_looked_at(
    facts: Facts, tables: Tables, database_url: str, remade: Callable[..., Any]
):
    await fill(facts)
    await project_all(facts, tables, database_url)
    before = await tables.digest()
    assert await remade(Purpose.REPLACE) == []
    assert await tables.digest() == before
    await tables.connection.execute(SPOIL)
    spoilt = await tables.digest()
    async with projecting(facts.nats_url, database_url):
        found = await remade(Purpose.COMPARE)
        assert {one.site for one in found} == {SITE}
        assert {"pageviews", "events", "views_per_visit"} & {one.number for one in found}
        assert await tables.digest() == spoilt, "looking changes nothing"
        await remade(Purpose.REPLACE)
        await until(partial(nothing_else_stays, tables))
    assert await tables.digest() == before


async def nothing_else_stays(tables: Tables) -> bool:
    """Tell whether what was made beside has gone, which waits for those who may be reading it."""
    return await schemas(tables) == ["web_g1"]
