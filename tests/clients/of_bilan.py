"""bilan: its SDK in Node, as an application uses it."""

import json
import os
from pathlib import Path
from typing import Any

from tests.clients.installation import Installation, installed, run
from tests.clients.listening import Exchange, listening

SDK = "bilan/packages/sdk/dist/index.js"
NEEDS = (SDK,)
DRIVER = Path(__file__).parent / "bilan.mjs"
# What the driver does, by the words of the answers.
EVENTS = {
    "conversation_ended": 1,
    "conversation_started": 1,
    "exported_a_draft": 1,
    "frustration_detected": 1,
    "journey_step": 3,
    "regeneration_requested": 1,
    "turn_completed": 2,
    "turn_failed": 1,
    "turn_started": 3,
    "user_action": 1,
    "vote_cast": 2,
}
FACTS = {
    "conversation_action_recorded.v1": 2,
    "conversation_ended.v1": 1,
    "conversation_started.v1": 1,
    "frustration_detected.v1": 1,
    "journey_step_completed.v1": 3,
    "regeneration_requested.v1": 1,
    "turn_completed.v1": 2,
    "turn_failed.v1": 1,
    "turn_started.v1": 3,
    "vote_cast.v1": 2,
}


def meet(clients: Path) -> tuple[str, list[Exchange]]:
    """Run the SDK against a fresh installation, and return the key and what was said."""
    with installed("bilan", site="talks.example") as here, listening(here.address) as between:
        said = json.loads(run("node", DRIVER, clients / SDK, between.address, here.key, PATH=os.environ["PATH"]))
        counted(here, said)
        here.compute_again()
        counted(here, said)
        return here.key, between.heard


def counted(here: Installation, said: dict[str, Any]) -> None:
    overview = here.ask("/api/analytics/overview")
    assert {each["type"]: each["count"] for each in overview["eventTypes"]} == EVENTS
    assert (overview["totalEvents"], overview["totalUsers"]) == (sum(EVENTS.values()), 1)
    votes, turns = here.ask("/api/analytics/votes")["overview"], here.ask("/api/analytics/turns")["overview"]
    assert [votes[name] for name in ("totalVotes", "positiveVotes", "uniqueTurns", "commentsCount")] == [2, 1, 2, 2]
    assert [turns[name] for name in ("totalTurns", "completedTurns", "failedTurns", "turnsWithFeedback")] == [3, 2, 1, 2]
    dashboard = here.ask("/api/dashboard")
    assert (dashboard["conversationStats"]["totalConversations"], dashboard["conversationStats"]["completionRate"]) == (1, 100)
    (journey,) = dashboard["journeyStats"]["popularJourneys"]
    assert (journey["name"], journey["count"], round(journey["completionRate"])) == ("email-workflow", 3, 33)
    of_turn = here.ask(f"/api/turns/{said['first']}/stats")
    assert (of_turn["totalVotes"], of_turn["recentComments"]) == (1, ["Very helpful!"])
    assert here.ask("/api/stats?userId=user-123")["totalVotes"] == 2
    assert here.ask(f"/api/analytics/turns?conversation_id={said['conversation']}")["overview"]["totalTurns"] == 3
    assert "user-123" not in json.dumps(here.ask("/api/events?timeRange=ALL&limit=1000"))
