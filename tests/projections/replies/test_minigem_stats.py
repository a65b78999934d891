"""The document of Minigem's /stats has every key of the original, with the numbers of a count by hand."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import ActionRecorded, App, Place
from projections.database import open_engine
from projections.query.caller import only_caller
from projections.query.product.report import Window, report
from projections.read_models import runs
from projections.read_models import telemetry as counts
from projections.replies.minigem_asked import Unreadable, limit_asked, since_asked, window_asked
from projections.replies.minigem_stats import stats_of
from projections.stream.item import Sequenced
from tests.facts_product import CARL, DORA, SITE, action
from tests.projections.telemetry import NOW, Counted, telemetry
from tests.projections.world import read_generation

DAY = NOW.date()
KEYS = {
    *("from", "to", "windowDays", "total", "uniques", "osTypes", "extTypes", "vscodeTypes", "daily", "dailyOs"),
    *("byEvent", "byOs", "byExt", "byVscode", "hourly", "hourlyVisitors", "dow", "runs", "errors", "durations", "exitCodes"),
    *("outputBuckets", "interactiveRate", "truncationRate", "topExceptions", "geo", "tables"),
    *("activeSessions", "installsTotal", "installsWindow", "sessionsRecent", "dailyLearningOutcomes", "sessions"),
}


@pytest.fixture
async def product(database_url: str):
    engine = open_engine(database_url, schema=(await read_generation(database_url, "product")).schema)
    yield engine
    await engine.dispose()


async def stats(engine: AsyncEngine, facts: Sequence[ActionRecorded], days: int = 7) -> dict[str, Any]:
    batch = [Sequenced(seq=number, message_id=fact.id, event=fact) for number, fact in enumerate(facts, start=1)]
    async with engine.begin() as connection:
        await counts.upsert(connection, batch)
        await runs.upsert(connection, batch)
        window = window_asked({}, now=NOW, days=days)
        return stats_of(await report(connection, only_caller("main"), SITE, window))


async def test_every_key_is_there_and_the_series_have_every_day(product: AsyncEngine):
    facts = list(telemetry(400, seed=3))
    said, by_hand = await stats(product, facts), Counted(facts)
    assert set(said) == KEYS
    assert (said["from"], said["to"], said["windowDays"], said["total"]) == ("2026-11-14", "2026-11-20", 7, 400)
    assert said["uniques"] == by_hand.people(facts)
    assert sum(said["daily"]["hits"]) == sum(said["hourly"]) == sum(said["dow"]) == 400
    assert [len(series["data"]) for series in said["dailyOs"]["series"]] == [7] * said["osTypes"]
    assert sum(sum(series["data"]) for series in said["dailyOs"]["series"]) == 400
    assert said["runs"] == {"started": len(by_hand.named("java.run.started")), "completed": len(by_hand.ends)}
    assert sum(said["exitCodes"].values()) == sum(said["outputBuckets"].values()) == len(by_hand.ends)
    assert sum(sum(exits.values()) for exits in said["dailyLearningOutcomes"].values()) == len(by_hand.ends)
    assert sum(said["durations"]["hist"]["values"]) == said["durations"]["count"]
    assert said["durations"]["hist"]["labels"][0] == "0-500ms"
    assert said["durations"]["hist"]["labels"][-1] == "≥120000ms"


async def test_what_was_not_said_has_the_originals_names(product: AsyncEngine):
    here = {"at": NOW, "app": App(), "place": Place()}
    said = await stats(product, [action("java.run.completed", **here), action("java.run.error", **here)])
    assert (said["byOs"], said["byExt"], said["byVscode"]) == ({"unknown": 2}, {"0.0.0": 2}, {"0.0.0": 2})
    assert (said["exitCodes"], said["outputBuckets"]) == ({"0": 1}, {"-": 1})
    assert said["geo"] == {
        "byContinent": {"Unknown": {"hits": 2, "visitors": 1}},
        "byCountry": {"Unknown": {"hits": 2, "visitors": 1}},
    }
    assert said["errors"] == {"compile": 0, "runtime": 1, "compileRate": 0, "runtimeRate": 0}


async def test_a_continents_visitors_are_the_sum_of_its_countries(product: AsyncEngine):
    places = [("NO", CARL), ("DE", CARL), ("DE", DORA), ("JP", DORA)]
    facts = [action(at=NOW, subject=who, place=Place(country=country)) for country, who in places]
    geo = (await stats(product, facts))["geo"]
    assert geo["byCountry"]["DE"] == {"hits": 2, "visitors": 2}
    assert geo["byContinent"] == {"EU": {"hits": 3, "visitors": 3}, "AS": {"hits": 1, "visitors": 1}}


async def test_rows_of_tables_say_their_share_as_javascript_rounds_it(product: AsyncEngine):
    facts = [action("a", at=NOW), *(action("b", at=NOW) for _ in range(7))]
    tables = (await stats(product, facts))["tables"]
    assert tables["eventsTop"] == [
        {"key": "b", "event": "b", "count": 7, "pct": 0.875, "percent": 87.5},
        {"key": "a", "event": "a", "count": 1, "pct": 0.125, "percent": 12.5},
    ]
    assert [row["version"] for row in tables["extTop"]] == ["0.0.0"]


async def test_sessions_name_nobody_but_by_a_pseudonym(product: AsyncEngine):
    end = {"exit_code": 0, "duration_ms": 1500, "session": "5e" * 16, "props": {"cumulativeBytesBucket": "0-1KB"}}
    said = await stats(product, [action("java.run.completed", at=NOW, **end)])
    assert said["sessions"]["successTop"] == [
        {
            "student": "Student #c3c3c3",
            "ts": "2026-11-20T15:00:00.000Z",
            "durationMs": 1500,
            "interactive": False,
            "exit": 0,
            "outputBucket": "0-1KB",
        }
    ]
    (recent,) = said["sessionsRecent"]
    assert (recent["id"], recent["student"], recent["exit"], recent["completed"]) == ("5e" * 16, CARL, 0, True)


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "2026-11-01"},
        {"to": "2026-11-01"},
        {"from": "2026-11-02", "to": "2026-11-01"},
        {"from": "2026-02-30", "to": "2026-03-01"},
        {"from": "yesterday", "to": "today"},
        {"from": "1970-01-01", "to": "2099-12-31"},
    ],
)
def test_days_that_cannot_be_read_are_refused(asked: dict[str, str]):
    with pytest.raises(Unreadable, match="Give both from and to"):
        window_asked(asked, now=NOW, days=7)


def test_days_are_asked_for_by_name_or_are_the_last_ones():
    asked = window_asked({"from": "2026-01-01", "to": "2026-01-31"}, now=NOW, days=7)
    assert (len(asked.days), asked.first.isoformat()) == (31, "2026-01-01")
    assert window_asked({}, now=NOW, days=1) == Window(first=DAY, last=DAY, now=NOW)


@pytest.mark.parametrize("text", ["-1", "1e3", "5x", "0", "", "1.5"])
def test_a_number_that_is_none_is_refused(text: str):
    with pytest.raises(Unreadable, match="Give limit"):
        limit_asked({"limit": text})
    with pytest.raises(Unreadable, match="Give hours"):
        since_asked({"hours": text}, NOW)


def test_a_limit_is_never_over_five_hundred():
    assert (limit_asked({}), limit_asked({"limit": "7"}), limit_asked({"limit": "1000"})) == (50, 7, 500)
    assert since_asked({}, NOW) == NOW - timedelta(hours=24)
