"""What no system was ever meant to be asked is a clear error in its own shape, at every address that reads such a parameter."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
import pytest_asyncio

from collector.local.postgres import PostgresServer
from contracts.control.mounts import MountClaimed, mount_id
from contracts.mounts import Mount
from tests.conftest import run_sql
from tests.projections.control.deciding import decided, issued, new_key, of, site
from tests.projections.query.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

SITE = "asked.example"
DATABASE = "asked_badly"
NUMBERS = ("-1", "1e3", "5x")
WITH_NUL = (r'{"a": "\u0000"}', r'{"a": {"\u0000": 1}}')
THE_END = "9999-12-31T23:59:59.999999Z"
# Which members an error of each system has, and where it reads a number or a time; Flowcore's collector reads nothing.
SHAPES = {
    Mount.BILAN: {"error", "message"},
    Mount.NODASH: {"error", "message", "statusCode", "timestamp", "requestId"},
    Mount.MINIGEM: {"error", "message"},
    Mount.CHANGE66: {"error", "message"},
}
READ = {
    Mount.BILAN: (
        *(f"/api/events?limit={number}" for number in NUMBERS),
        *(f"/api/{what}?timeRange=week" for what in ("events", "analytics/votes", "analytics/turns", "analytics/overview")),
        "/api/analytics/summary?days=5x",
        "/api/dashboard?start=soon&end=later",
        "/api/turns/a%00b/stats",
        "/api/prompts/%00/stats",
        "/api/stats/prompt/%00",
        *(f"/api/{what}=%00" for what in ("events?search", "stats?userId", "analytics/turns?conversation_id")),
    ),
    Mount.NODASH: (
        *(f"/v1/{what}/query?limit={number}" for what in ("events", "users") for number in NUMBERS),
        *(f"/v1/{what}/query?properties={quote(props)}" for what in ("events", "users") for props in WITH_NUL),
        "/v1/events/query?startDate=yesterday",
        "/v1/users/query?activeSince=yesterday",
        "/v1/events/query?userId=%00",
    ),
    Mount.MINIGEM: (
        *(f"/debug/recent?limit={number}" for number in NUMBERS),
        *(f"/debug/counts?hours={number}" for number in NUMBERS),
        "/stats?from=yesterday&to=today",
    ),
    Mount.CHANGE66: (
        *(f"/api/v1/logs/recent?limit={number}" for number in NUMBERS),
        *(f"/api/v1/logs/filter?page_size={number}" for number in NUMBERS),
        "/api/v1/logs/filter?start_time=yesterday",
    ),
}
QUESTIONS = [(mount, question) for mount, questions in READ.items() for question in questions]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def asked(session_postgres: PostgresServer, empty_tables: str) -> AsyncIterator[tuple[World, dict[str, str]]]:
    """An application whose systems are all bound to one site, and a key that reads it in every system's form."""
    await run_sql(session_postgres.url, f"CREATE DATABASE {DATABASE} TEMPLATE {empty_tables}")
    url, text = session_postgres.url_of(DATABASE), new_key("k1")
    bound = [MountClaimed(**of(mount_id(mount)), tenant="main", key=SITE) for mount in Mount]
    await decided(url, site(SITE), issued("k1", text, site=SITE), *bound)
    async with open_world(url) as world:
        shown = {"Authorization": f"Bearer {text}", "X-API-Key": text, "x-stats-key": text, "x-tenant-id": "main"}
        yield world, shown
    await run_sql(session_postgres.url, f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.mark.parametrize(("mount", "question"), QUESTIONS)
async def test_what_cannot_be_read_is_a_400_in_the_systems_shape(
    asked: tuple[World, dict[str, str]], mount: Mount, question: str
):
    world, shown = asked
    answer = await world.client.get(f"/{mount}{question}", headers=shown)
    assert answer.status_code == 400, answer.text
    assert SHAPES[mount] <= set(answer.json())
    assert "yesterday" not in answer.text


@pytest.mark.parametrize(
    "question",
    [
        *(f"/nodash/v1/events/query?{name}={THE_END}" for name in ("startDate", "endDate")),
        *(f"/nodash/v1/users/query?{name}={THE_END}" for name in ("activeSince", "activeUntil")),
        *(f"/change66/api/v1/logs/filter?{name}={THE_END}" for name in ("start_time", "end_time")),
        *(f"/sites/{SITE}/logs?{name}={THE_END}" for name in ("from", "to")),
    ],
)
async def test_the_end_of_all_calendars_can_be_asked_for(asked: tuple[World, dict[str, str]], question: str):
    world, shown = asked
    answer = await world.client.get(question, headers=shown)
    assert answer.status_code == 200, answer.text
