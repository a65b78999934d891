"""What bilan's clients send is in its answers at once, as a hand counts it, and the same after everything is made anew."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from collector.local.master_key import settle_master_key
from projections.app import close, create_app
from projections.migrations import migrate
from projections.projections import TURNS
from projections.projector.rebuild import backfill
from projections.stream.newest import Newest
from projections.vault import VaultReader
from tests.collector.control.telling import controlled, told
from tests.collector.ingest import Running
from tests.projections.world import projecting, utc_now

SITE = "talks.example"
NOW = datetime.now(UTC).replace(microsecond=0)
ASKED = (
    "/api/events?timeRange=ALL&limit=1000",
    "/api/events?eventType=vote_cast",
    "/api/events?userId=user-123",
    *(f"/api/analytics/{name}" for name in ("votes", "turns", "overview")),
    "/api/analytics/summary?user_id=user-123&days=7",
    "/api/analytics/turns?conversation_id=conv-456",
    "/api/stats?userId=user-123",
    "/api/turns/turn-456/stats",
    "/api/prompts/turn-456/stats",
)


def sent() -> list[dict[str, Any]]:
    """Return what an SDK sends of two turns, in milliseconds; a vote comes before the turn that it is on."""

    def event(number: int, kind: str, user: str = "user-123", **properties: Any) -> dict[str, Any]:
        at = int((NOW - timedelta(minutes=number)).timestamp() * 1000)
        return {"eventId": f"evt_{number}", "eventType": kind, "timestamp": at, "userId": user, "properties": properties}

    talk = {"conversation_id": "conv-456", "modelUsed": "gpt-4"}
    return [
        event(9, "conversation_started", conversation_id="conv-456", user_id="user-123"),
        event(8, "vote_cast", turn_id="turn-1", value=1, comment="Very helpful!"),
        event(7, "turn_started", turnId="turn-1", **talk),
        event(6, "turn_completed", turnId="turn-1", status="success", responseTime=1.25, **talk),
        event(5, "turn_failed", turnId="turn-2", errorType="rate_limit", attemptedDuration=0.5, **talk),
        event(4, "vote_cast", "user-456", turn_id="turn-1", value=-1),
        event(3, "journey_step", journey_name="mail", step_name="draft", user_id="user-123"),
        event(2, "custom_thing", a=1),
    ]


README_CURL = {
    "event_type": "turn_completed",
    "user_id": "user-123",
    "turn_id": "turn-456",
    "properties": {"model": "gpt-4", "latency": 1200},
}


@contextlib.asynccontextmanager
async def collecting(nats_url: str, key_file: Path) -> AsyncIterator[tuple[Running, dict[str, str]]]:
    """Lend an ingest half, and the header of a key that writes to SITE."""
    async with controlled(nats_url, {"COLLECTOR_MASTER_KEY_FILE": str(key_file)}) as (collector, pen):
        await settle_master_key(collector.client, key_file, replicas=1)
        key, issued = pen.key("main", "ingest", site=SITE)
        await pen.write([*pen.site("main", SITE)])
        await pen.write(issued)
        await told(collector, pen)
        yield collector, {"Authorization": f"Bearer {key}"}


@contextlib.asynccontextmanager
async def answering(nats_url: str, database_url: str, key_file: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Lend a client of the query half, on this machine."""
    app = create_app(
        database_url=database_url,
        tenant="main",
        access_token=None,
        public_url="http://localhost:8000",
        clock=lambda: NOW + timedelta(minutes=1),
        vault=VaultReader(nats_url, key_file),
        newest=Newest(nats_url, seconds=20),
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as http:
        yield http
    await close(app)


async def answers(http: httpx.AsyncClient) -> dict[str, Any]:
    """Return every answer, none of which may lack what was sent before."""
    found = {}
    for path in ASKED:
        response = await http.get(f"/bilan{path}{'&' if '?' in path else '?'}site={SITE}")
        assert response.status_code == 200, (path, response.text)
        assert "X-Collector-Behind" not in response.headers, path
        found[path] = response.json()
    return found


async def test_answers_are_those_of_a_hand_count_at_once_and_after_a_backfill(
    stream_free_nats: str, postgres_url: str, tmp_path: Path
):
    await migrate(postgres_url)
    key_file = tmp_path / "master.key"
    async with (
        collecting(stream_free_nats, key_file) as (collector, key),
        projecting(stream_free_nats, postgres_url, projections=(TURNS,)),
        answering(stream_free_nats, postgres_url, key_file) as http,
    ):
        for body, stored in (({"events": sent()}, 8), (README_CURL, 1), ({"events": sent()}, 0)):
            answer = await collector.http.post("/api/events", json=body, headers=key)
            assert (answer.status_code, answer.json()["stats"]["processed"]) == (200, stored)
        live = await answers(http)
    votes, turns = live["/api/analytics/votes"], live["/api/analytics/turns"]
    assert [votes["overview"][name] for name in ("totalVotes", "positiveVotes", "uniqueUsers", "uniqueTurns")] == [2, 1, 2, 1]
    assert [turns["overview"][name] for name in ("totalTurns", "completedTurns", "turnsWithFeedback")] == [3, 2, 1]
    assert turns["overview"]["averageResponseTime"] == 1225
    assert live["/api/analytics/turns?conversation_id=conv-456"]["overview"]["totalTurns"] == 2
    assert [live["/api/events?timeRange=ALL&limit=1000"]["total"], live["/api/events?userId=user-123"]["total"]] == [9, 8]
    assert live["/api/analytics/summary?user_id=user-123&days=7"]["votes"]["totalVotes"] == 1
    assert "user-123" not in str([live[path] for path in ASKED])
    await backfill(nats_url=stream_free_nats, database_url=postgres_url, clock=utc_now, projections=(TURNS,))
    async with answering(stream_free_nats, postgres_url, key_file) as http:
        assert await answers(http) == live
