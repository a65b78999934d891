"""What a visitor has left on a site on a day can be taken out of every table, and nobody else's goes with it."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import BotRule
from projections.read_models import hits, visits
from projections.read_models.model import Whose
from tests.facts import ANNA, BERT, NOON, engagement, event, pageview
from tests.projections.world import MODELS, Facts, Tables, project_all

DAY = NOON.date()
# Another day's salt makes another id.
TOMORROW = "5e" * 16


def whose(**fields: object) -> Whose:
    return Whose(**{"tenant": "main", "site": "example.org", "day": DAY, "visitor": bytes.fromhex(ANNA), **fields})


async def erase(engine: AsyncEngine, person: Whose) -> dict[str, int]:
    """Erase *person* from every table, and return how many rows that were."""
    async with engine.begin() as connection:
        return {model.name: await model.erase(connection, person) for model in MODELS if model.erase is not None}


async def test_what_a_visitor_left_goes_and_nothing_else(facts: Facts, tables: Tables, database_url: str, engine: AsyncEngine):
    await facts.publish(
        pageview("/a"),
        event(),
        engagement(),
        pageview("/robot", bot=BotRule.CRAWLER),
        pageview("/other person", visitor=BERT),
        pageview("/other site", site="other.example"),
        pageview("/other tenant", tenant="other"),
        pageview("/other day", visitor=TOMORROW, salt_day=date(2026, 11, 21)),
        pageview("/nobody", visitor=""),
    )
    await project_all(facts, tables, database_url)
    assert await erase(engine, whose()) == {"hits": 4, "visits": 2, "rollups": 0}
    left = await tables.rows("SELECT path FROM hits ORDER BY seq")
    assert [row["path"] for row in left] == ["/other person", "/other site", "/other tenant", "/other day", "/nobody"]
    assert await tables.count("visits") == 4


async def test_nobody_is_no_person_who_could_be_erased(facts: Facts, tables: Tables, database_url: str, engine: AsyncEngine):
    await facts.publish(pageview(visitor=""), pageview(visitor=""))
    await project_all(facts, tables, database_url)
    assert await erase(engine, whose(visitor=b"")) == {"hits": 0, "visits": 0, "rollups": 0}
    assert await tables.count("hits") == 2


def test_whoever_is_in_a_table_can_be_erased_from_it():
    assert {model.name for model in MODELS if model.erase is not None} == {hits.MODEL.name, visits.MODEL.name, "rollups"}
