"""Minigem from a client's request to report and dashboard: what was sent is what is counted, also after a backfill."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from msgspec import Struct

from projections.migrations import migrate
from projections.projections import PRODUCT
from projections.projector.rebuild import backfill
from projections.query.after_write import HEADER
from projections.replies.minigem import system_over
from projections.stream.newest import Newest
from tests.collector.dialects.test_minigem import Door, open_door
from tests.conftest import run_sql
from tests.projections.control.deciding import decided, issued, new_key, site
from tests.projections.query.world import World, open_world
from tests.projections.world import PATIENCE, projecting, utc_now

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANON = [f"{number:032x}" for number in range(3)]
VSCODE = {"ext": "1.2.3", "vscode": "1.81.0", "os": "darwin-arm64"}


class Minigem(Struct):
    """A running product, and the moment at which everything happened."""

    door: Door
    world: World
    at: datetime

    async def send(self, *items: dict[str, Any]) -> dict[str, Any]:
        answer = await self.door.send({"schema": "jwc.v1", "batch": list(items)})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def stats(self, **asked: str) -> dict[str, Any]:
        answer = await self.world.get("/stats", **asked)
        assert (answer.status_code, answer.headers.get(HEADER)) == (200, None), answer.text
        return dict(answer.json())

    def item(self, evt: str, who: int = 0, *, ago: int = 0, m: dict[str, Any] | None = None, **said: Any) -> dict[str, Any]:
        at = self.at - timedelta(seconds=ago)
        return {"anon": ANON[who], "evt": evt, "t": round(at.timestamp() * 1000), "m": m or {}, **said}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def minigem(nats_url: str, session_postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Minigem]:
    url = session_postgres.url_of("minigem_walk")
    await migrate(url)
    async with (
        open_door(nats_url, tmp_path_factory.mktemp("keys")) as door,
        open_world(url, newest=Newest(nats_url, seconds=PATIENCE), systems=[system_over(3)]) as world,
    ):
        world.now = datetime.now(UTC).replace(microsecond=0)
        async with projecting(nats_url, url, projections=(PRODUCT,)):
            yield Minigem(door, world, world.now)
    await run_sql(session_postgres.url, "DROP DATABASE minigem_walk WITH (FORCE)")


async def test_the_report_is_a_count_of_what_was_sent(minigem: Minigem):
    before = await minigem.stats()
    end = {"durationMs": 1500, "exit": 0, "scannerUsage": True, "truncatedOutput": False, "waitMsTotal": 100}
    sent = [
        minigem.item("java.run.started", 0, **VSCODE),
        minigem.item("java.run.completed", 0, m=end | {"sessionId": "s1", "cumulativeBytesBucket": "0-1KB"}, **VSCODE),
        minigem.item("java.run.started", 1, ext="1.0.0"),
        minigem.item("java.run.completed", 1, m={"durationMs": 10, "exit": 130, "sessionId": "s2"}, ext="1.0.0"),
        minigem.item("java.run.error", 1, m={"phase": "compile", "exceptionHash": "0123456789abcdef0123"}),
        minigem.item("install.created", 2),
    ]
    for _ in range(2):  # the second time everything is known
        assert await minigem.send(*sent) == {"ok": True, "accepted": 6, "skipped": 0}
    said = await minigem.stats()
    assert said["total"] == before["total"] + 6
    assert (said["uniques"], said["windowDays"], len(said["daily"]["dates"])) == (3, 3, 3)
    assert said["runs"] == {"started": 2, "completed": 2}
    assert said["byEvent"]["java.run.completed"] == 2
    assert said["exitCodes"] == {"0": 1, "130": 1}
    assert said["outputBuckets"] == {"0-1KB": 1, "-": 1}
    assert said["errors"] == {"compile": 1, "runtime": 0, "compileRate": 0.5, "runtimeRate": 0}
    assert said["topExceptions"] == {"0123456789abcdef0123": 1}
    assert said["byVscode"] == {"0.0.0": 4, "1.81.0": 2}
    assert (said["interactiveRate"], said["truncationRate"]) == (0.5, 0)
    assert (said["durations"]["count"], said["durations"]["median"], said["durations"]["p90"]) == (2, 10, 1500)
    assert said["durations"]["avgWaitMs"] == 100
    assert (said["installsTotal"], said["activeSessions"], len(said["sessionsRecent"])) == (1, 0, 2)
    assert [each["durationMs"] for each in said["sessions"]["successTop"]] == [1500]
    assert [each["durationMs"] for each in said["sessions"]["frustratedTop"]] == [10]
    day = minigem.at.date().isoformat()
    assert said["dailyLearningOutcomes"][day] == {"0": 1, "130": 1}
    assert not [who for who in ANON if who in str(said)], "no raw id is in any answer"


async def test_days_are_chosen_and_old_ones_are_there_when_asked_for(minigem: Minigem):
    await minigem.send({"anon": "user123", "evt": "app.started", "t": 1640995200000})
    assert "2022-01-01" not in str(await minigem.stats())
    then = {"from": "2022-01-01", "to": "2022-01-02"}
    said = await minigem.stats(**then)
    assert (said["total"], said["daily"]["hits"], said["hourly"][0]) == (1, [1, 0], 1)
    wrong = await minigem.world.get("/stats", **{"from": "2022-01-02", "to": "2022-01-01"})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "bad_range")


async def test_the_database_says_how_it_is(minigem: Minigem):
    said = (await minigem.world.get("/dbhealth")).json()
    assert (said["enabled"], said["ok"], said["db"]) == (True, True, "minigem_walk")
    assert said["version"].startswith("PostgreSQL ")
    health = (await minigem.door.http.get("/minigem/health")).json()
    assert health["ok"] is True
    assert isinstance(health["ts"], int)


@pytest.mark.parametrize("path", ["/debug/recent", "/debug/counts", "/debug/env", "/debug/logping", "/minigem/debug/recent"])
async def test_what_was_sent_last_is_shown_to_nobody_without_a_key(minigem: Minigem, path: str):
    answer = await minigem.world.get(path)
    assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized"})


async def test_whoever_shows_a_key_sees_what_was_sent_last(minigem: Minigem):
    await minigem.send(minigem.item("test.ping", 2, ago=1, os="linux-x64"))
    text = new_key("k9")
    await decided(minigem.world.database_url, site("localhost"), issued("k9", text, site="localhost"))
    for shown in ({"headers": {"x-stats-key": text}}, {"params": {"key": text}}):
        answer = await minigem.world.client.get("/debug/recent", **shown)
        assert answer.status_code == 200, answer.text
    pings = [row for row in answer.json()["rows"] if row["evt"] == "test.ping"]
    assert [(row["os"], row["ext"], row["exit_code"], len(row["anon"])) for row in pings] == [("linux-x64", "0.0.0", None, 32)]
    counts = (await minigem.world.client.get("/debug/counts", params={"hours": "1", "key": text})).json()
    assert counts["byEvent"]["test.ping"] == 1
    assert counts["total"] == sum(counts["byEvent"].values())
    env = (await minigem.world.client.get("/debug/env", params={"key": text})).json()
    assert set(env["env"].values()) == {None}
    wrong = await minigem.world.client.get("/debug/recent", params={"limit": "5x", "key": text})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "bad_limit")


async def test_the_dashboard_shows_the_report_without_a_script(minigem: Minigem):
    await minigem.send(minigem.item("java.run.completed", 2, m={"exit": 143}), minigem.item("<script>alert(1)</script>"))
    await minigem.stats()
    page = await minigem.world.client.get("/minigem/dashboard/")
    assert page.status_code == 200
    for words in ("Programs completed", "How programs end", "143: Killed", "VS Code versions", "Countries", "Days of the week"):
        assert words in page.text
    assert "<script>alert" not in page.text
    assert "style=" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    said = await minigem.stats()
    assert f"{said['from']} to {said['to']}" in page.text, "it is about as many days as the report, which are 3 here"
    narrower = await minigem.world.client.get("/minigem/dashboard/", params={"from": "2022-01-01", "to": "2022-01-01"})
    assert "2022-01-01 to 2022-01-01" in narrower.text
    assert (await minigem.world.client.get("/minigem/dashboard/", params={"from": "x"})).status_code == 400


async def test_elsewhere_a_key_is_needed(minigem: Minigem):
    through = httpx.ASGITransport(minigem.world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=through, base_url="http://stats.example") as there:
        refused = await there.get("/stats")
        assert (refused.status_code, set(refused.json())) == (403, {"error", "message"})


async def test_a_backfill_says_the_same(minigem: Minigem, nats_url: str):
    always = {"from": "2022-01-01", "to": minigem.at.date().isoformat()}
    before = await minigem.stats(**always)
    url = minigem.world.database_url
    await backfill(nats_url=nats_url, database_url=url, clock=utc_now, projections=[PRODUCT], accept_loss=False)
    assert await minigem.stats(**always) == before
    assert before["total"] > 0
