"""bilan-server's read endpoints say what a hand counts, in its own words; what cannot be read is told and answers nothing."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from collector.control.tenant_secrets import TenantSecrets
from collector.control.vault import Vault
from collector.local.master_key import settle_master_key
from collector.local.postgres import PostgresServer
from collector.stream import connection as broker
from contracts.events import TurnEvent
from projections.vault import VaultReader
from tests.conftest import run_sql
from tests.projections.query.world import NOW, NOWHERE, World, open_world
from tests.turns import ANNA, BERT, action, completed, conversation_began, conversation_ended, failed, started, step, vote

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Where facts go, and questions, while no site is decided about.
HERE: dict[str, Any] = {"site": "localhost"}


def story() -> list[TurnEvent]:
    """Return what two people did: four turns, of which one failed, five votes, a conversation and a journey."""
    talked = HERE | {"conversation": "c1", "model": "gpt-4", "prompt_version": "v2", "step": "draft", "journey": "mail"}
    return [
        conversation_began("c1", at=NOW - 3 * DAY, **HERE),
        started("t1", at=NOW - 3 * DAY, sequence=1, **talked),
        completed("t1", 50, at=NOW - 3 * DAY + HOUR, key="evt_1", response_chars=10, **talked),
        completed("t2", 1500, at=NOW - 2 * DAY, **talked),
        failed("t3", "rate_limit", at=NOW - 2 * DAY, message="API rate limit exceeded", **talked),
        completed("t4", 450, at=NOW - HOUR, subject=BERT, model="other", **HERE),
        vote("t1", 1, at=NOW - 2 * DAY, key="evt_vote", comment="Very helpful!", **HERE),
        vote("t1", 1, at=NOW - 2 * DAY + HOUR, subject=BERT, **HERE),
        vote("t2", -1, at=NOW - DAY, comment="No", duration_ms=1500, **HERE),
        vote("", 1, at=NOW - HOUR, **HERE),
        vote("t9", None, at=NOW - HOUR, **HERE),
        step("mail", "draft", at=NOW - 2 * DAY, **HERE),
        step("mail", "send", at=NOW - 2 * DAY, is_last=True, **HERE),
        action("custom_thing", at=NOW - HOUR, props={"a": 1}, **HERE),
        conversation_ended("c1", at=NOW - DAY, outcome="completed", messages=4, **HERE),
        vote("t1", 1, at=NOW - 60 * DAY, **HERE),
    ]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def told(session_postgres: PostgresServer, empty_tables: str) -> AsyncIterator[World]:
    """The story, beside another site's facts and another tenant's."""
    await run_sql(session_postgres.url, f"CREATE DATABASE told_to_bilan TEMPLATE {empty_tables}")
    async with open_world(session_postgres.url_of("told_to_bilan")) as world:
        await world.tell_turns(*story())
        await world.tell_turns(*(vote(f"other-{n}", site="other.example") for n in range(3)))
        await world.tell_turns(*(vote(f"theirs-{n}", tenant="other", **HERE) for n in range(3)))
        yield world
    await run_sql(session_postgres.url, "DROP DATABASE told_to_bilan WITH (FORCE)")


async def ask(world: World, path: str, **parameters: Any) -> Any:
    response = await world.get(f"/bilan{path}", **parameters)
    assert response.status_code == 200, response.text
    return response.json()


async def test_votes_are_those_of_a_hand_count(told: World):
    votes = await ask(told, "/api/analytics/votes")
    overview = votes["overview"]
    assert {name: overview[name] for name in ("totalVotes", "positiveVotes", "negativeVotes", "positiveRate")} == {
        "totalVotes": 4,
        "positiveVotes": 3,
        "negativeVotes": 1,
        "positiveRate": 75,
    }
    assert [overview[name] for name in ("averageRating", "commentsCount", "uniqueUsers", "uniqueTurns")] == [0.5, 2, 2, 3]
    assert [overview["turnsVotedOn"], overview["turnsVotedOnRate"]] == [2, 50]
    assert [round(overview["positiveRateInterval"][name], 1) for name in ("low", "high")] == [30.1, 95.4]
    assert [(day["date"], day["totalVotes"]) for day in votes["trends"]["daily"]] == [
        ("2026-11-16", 2),
        ("2026-11-17", 1),
        ("2026-11-18", 1),
    ]
    hourly = votes["trends"]["hourly"]
    assert [row["totalVotes"] for row in hourly if row["totalVotes"]] == [1, 2, 1]
    assert (len(hourly), hourly[15]["totalVotes"]) == (24, 2)
    anna, bert = votes["userBehavior"]["topUsers"]
    assert [anna["userId"], anna["totalVotes"], anna["lastActivity"]] == [ANNA, 3, ms(NOW - HOUR)]
    assert [bert["userId"], bert["positiveRate"]] == [BERT, 100]
    assert votes["userBehavior"]["votingPatterns"] == {
        "averageVotesPerUser": 2,
        "medianVotesPerUser": 3,
        "powerUsers": 0,
        "oneTimeVoters": 1,
    }
    performance = votes["turnPerformance"]
    assert [(turn["turnId"], turn["totalVotes"]) for turn in performance["topTurns"]] == [("t1", 2), ("unknown", 1), ("t2", 1)]
    assert performance["performanceMetrics"] == {
        "averagePositiveRate": pytest.approx(200 / 3),
        "bestPerformingTurn": "t1",
        "worstPerformingTurn": "t2",
        "turnsWithoutVotes": 2,
    }
    comments = votes["commentAnalysis"]
    assert [one["comment"] for one in comments["topComments"]] == ["No", "Very helpful!"]
    assert comments["topComments"][0] == {"comment": "No", "vote": -1, "timestamp": ms(NOW - DAY), "userId": ANNA}
    assert [comments["totalComments"], comments["averageCommentLength"]] == [2, 7.5]
    assert comments["sentimentAnalysis"] == {"positive": 1, "negative": 1, "neutral": 0}


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


async def test_turns_are_those_of_a_hand_count(told: World):
    turns = await ask(told, "/api/analytics/turns")
    assert turns["overview"] == {
        "totalTurns": 4,
        "completedTurns": 3,
        "failedTurns": 1,
        "turnsWithFeedback": 2,
        "averageResponseTime": pytest.approx(2000 / 3),
        "uniqueUsers": 2,
        "successRate": 75,
    }
    assert [(day["date"], day["totalTurns"], day["failedTurns"]) for day in turns["trends"]["daily"]] == [
        ("2026-11-15", 1, 0),
        ("2026-11-16", 2, 1),
        ("2026-11-18", 1, 0),
    ]
    assert turns["userBehavior"]["topUsers"][0] == {
        "userId": ANNA,
        "totalTurns": 3,
        "completedTurns": 2,
        "averageResponseTime": 775,
        "successRate": pytest.approx(200 / 3),
    }
    buckets = {row["bucket"]: row["count"] for row in turns["performance"]["responseTimeDistribution"]}
    assert buckets == {"<100ms": 1, "100-500ms": 1, "500ms-1s": 0, "1-2s": 1, "2-5s": 0, ">5s": 0}
    assert turns["performance"]["errorTypes"] == [{"errorType": "rate_limit", "count": 1, "percentage": 100}]
    models = {row["value"]: row for row in turns["quality"]["byModel"]}
    assert set(models) == {"gpt-4", "other"}
    gpt = models["gpt-4"]
    assert [gpt["totalTurns"], gpt["turnsVotedOn"], gpt["totalVotes"], gpt["positiveVotes"]] == [3, 2, 4, 3]
    assert [round(gpt["positiveRateInterval"][name], 1) for name in ("low", "high")] == [30.1, 95.4]
    assert models["other"]["positiveRate"] is None
    assert [row["value"] for row in turns["quality"]["byPromptVersion"]] == ["v2", ""]
    assert (await ask(told, "/api/analytics/turns", conversation_id="c1"))["overview"]["totalTurns"] == 3


async def test_the_overview_and_the_summary_count_everything(told: World):
    overview = await ask(told, "/api/analytics/overview", timeRange="ALL")
    assert [overview["totalEvents"], overview["totalUsers"], overview["timeRange"]] == [16, 2, "ALL"]
    assert {row["type"]: row["count"] for row in overview["eventTypes"]} == {
        "vote_cast": 6,
        "turn_completed": 3,
        "journey_step": 2,
        "turn_started": 1,
        "turn_failed": 1,
        "conversation_started": 1,
        "conversation_ended": 1,
        "custom_thing": 1,
    }
    assert overview["dateRange"] == {"start": "1970-01-01T00:00:00.000Z", "end": "2026-11-18T15:30:00.000Z"}
    summary = await ask(told, "/api/analytics/summary", user_id=BERT, days="7")
    assert [summary["totalEvents"], summary["turns"]["totalTurns"], summary["votes"]["totalVotes"]] == [2, 1, 1]
    whole = await ask(told, "/api/analytics/votes", start_date="2026-11-16", end_date="2026-11-16")
    assert whole["overview"]["totalVotes"] == 2


async def test_the_dashboard_meets_both_spellings_and_counts_what_they_say(told: World):
    answer = await ask(told, "/api/dashboard")
    assert answer["conversationStats"] == {
        "totalConversations": 1,
        "successRate": 75,
        "averageMessages": 4,
        "completionRate": 100,
    }
    assert answer["journeyStats"]["popularJourneys"] == [{"name": "mail", "count": 2, "completionRate": 50}]
    feedback = answer["feedbackStats"]
    assert [feedback["totalFeedback"], feedback["recentTrend"], feedback["topComments"]] == [
        6,
        "stable",
        ["No", "Very helpful!"],
    ]
    assert answer["qualitySignals"]["responseTime"] == 1500
    weights = [2 ** -(age / 7) for age in (2, 2 - 1 / 24, 1, 1 / 24, 1 / 24, 60)]
    weights[-1] = max(weights[-1], 0.01)
    expected = 100 * (weights[0] + weights[1] + weights[3] + weights[5]) / sum(weights)
    assert answer["qualitySignals"]["trustScore"] == pytest.approx(expected, rel=1e-6)
    assert answer["timeSeriesData"]["weeklyTrends"][-1] == {"week": "2026-11-15", "score": pytest.approx(200 / 3)}
    assert answer["recentActivity"][0]["timestamp"] == ms(NOW - HOUR)
    assert len(answer["recentActivity"]) == 16
    narrow = await ask(told, "/api/dashboard", start="2026-11-17", end="2026-11-18T00:00:00Z", range="7d")
    assert narrow["feedbackStats"]["totalFeedback"] == 1


async def test_events_are_listed_with_totals_that_are_the_totals(told: World):
    first = await ask(told, "/api/events", limit="2", timeRange="ALL")
    assert [first["total"], first["limit"], first["offset"], first["hasMore"]] == [16, 2, 0, True]
    last = await ask(told, "/api/events", limit="5000", offset="15", timeRange="ALL")
    assert [last["total"], last["limit"], len(last["events"]), last["hasMore"]] == [16, 1000, 1, False]
    found = await ask(told, "/api/events", search="HELPFUL", limit="1")
    assert [found["total"], found["events"][0]["event_id"]] == [1, "evt_vote"]
    of_bert = await ask(told, "/api/events", userId=BERT)
    assert {event["user_id"] for event in of_bert["events"]} == {BERT}
    named = await ask(told, "/api/events", eventType="custom_thing, turn_created")
    assert [(event["event_type"], event["properties"].get("a")) for event in named["events"]] == [
        ("custom_thing", 1),
        ("turn_started", None),
    ]


async def test_votes_are_told_with_their_turn_and_turns_with_their_first_vote(told: World):
    votes = (await ask(told, "/api/events", eventType="vote_cast"))["events"]
    first = next(event for event in votes if event["event_id"] == "evt_vote")
    assert (first["conversation_id"], first["journey_id"]) == ("c1", "mail")
    assert first["properties"] == {
        "turn_id": "t1",
        "value": 1,
        "comment": "Very helpful!",
        "model": "gpt-4",
        "responseTime": 50,
        "responseLength": 10,
        "journey_id": "mail",
        "journey_step": "draft",
        "conversation_id": "c1",
    }
    turns = (await ask(told, "/api/events", eventType="turn_completed,turn_failed"))["events"]
    voted = next(event for event in turns if event["event_id"] == "evt_1")["properties"]
    assert (voted["voteValue"], voted["voteTimestamp"]) == (1, ms(NOW - 60 * DAY))
    assert [voted["turnId"], voted["status"], voted["modelUsed"]] == ["t1", "success", "gpt-4"]


async def test_the_stats_of_a_user_a_turn_and_a_prompt(told: World):
    assert await ask(told, "/api/stats", userId=ANNA) == {
        "totalVotes": 5,
        "positiveVotes": 3,
        "negativeVotes": 2,
        "positiveRate": 60,
        "recentTrend": "stable",
        "topFeedback": ["No", "Very helpful!"],
    }
    at_root = await told.get("/api/stats", userId=ANNA)
    assert (at_root.json()["totalVotes"], "sites" in (await told.get("/api/stats")).json()) == (5, True)
    assert await ask(told, "/api/turns/t1/stats", userId=BERT) == {
        "turnId": "t1",
        "totalVotes": 1,
        "positiveVotes": 1,
        "negativeVotes": 0,
        "positiveRate": 100,
        "recentComments": [],
    }
    assert (await ask(told, "/api/prompts/t2/stats"))["recentComments"] == ["No"]
    before = await ask(told, "/api/stats/prompt/t1")
    assert before == {"promptId": "t1", "totalVotes": 3, "positiveRate": 1, "comments": ["Very helpful!"]}


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=1e3",
        "limit=5x",
        "offset=-1",
        "timeRange=90",
        "timeRange=week",
        "days=x",
        "start_date=soon",
        "limit=1&limit=2",
        "start_date=2026-11-18&end_date=2026-11-01",
        "search=%00",
        "userId=%ff",
    ],
)
async def test_what_cannot_be_read_is_a_400_that_says_what_to_send(told: World, query: str):
    response = await told.get(f"/bilan/api/events?{query}")
    assert response.status_code == 400
    answer = response.json()
    assert answer["error"] == "Bad Request"
    assert len(answer["message"]) > 20


async def test_a_question_that_names_no_user_is_answered_in_bilans_words(told: World):
    response = await told.get("/bilan/api/stats")
    assert (response.status_code, response.json()) == (400, {"error": "Missing userId parameter"})


async def test_nobody_is_answered_without_a_key(told: World):
    async with open_world(told.database_url, access_token=secrets.token_urlsafe()) as world:
        missing = await world.get("/bilan/api/dashboard")
        assert (missing.status_code, missing.json()) == (401, {"error": "Missing API key"})
        wrong = await world.client.get("/bilan/api/dashboard", headers={"Authorization": "Bearer another"})
        assert (wrong.status_code, wrong.json()) == (401, {"error": "Invalid API key"})
        assert (await world.get("/bilan/health")).json()["status"] == "ok"


async def test_the_state_of_the_database_is_told(told: World):
    well = await told.get("/bilan/health/detailed")
    assert (well.status_code, well.json()["database"]["connected"]) == (200, True)
    async with open_world(NOWHERE) as doorstep:
        away = await doorstep.get("/health/db")
    assert (away.status_code, away.json()["status"], away.json()["database"]["connected"]) == (503, "unhealthy", False)
    assert datetime.fromisoformat(well.json()["timestamp"]).tzinfo == UTC


async def test_a_user_id_is_hashed_as_ingest_does_or_it_is_said_that_nobody_can(told: World, nats_url: str, tmp_path: Path):
    unknown = await told.get("/bilan/api/stats", userId="user-123")
    assert (unknown.status_code, "COLLECTOR_NATS_URL" in unknown.json()["message"]) == (503, True)
    client = await broker.connect(nats_url, on_loss=lambda: None)
    vault = Vault(client, tmp_path / "master.key")
    await vault.empty()
    await settle_master_key(client, tmp_path / "master.key", replicas=1)
    secret = await TenantSecrets(vault).of("main")
    await told.tell_turns(vote("t50", subject=secret.pseudonym_of("user-123", site="localhost"), at=NOW - 90 * DAY, **HERE))
    async with open_world(told.database_url, vault=VaultReader(nats_url, tmp_path / "master.key")) as world:
        assert (await ask(world, "/api/stats", userId="user-123"))["totalVotes"] == 1
        assert (await ask(world, "/api/stats", userId="user-124"))["totalVotes"] == 0
    await broker.disconnect(client)
