"""Nodash: its README's curls, its SDK and its command line, with the key and the tenant that its documents use."""

import json
import os
import re
from pathlib import Path
from typing import Any

from tests.clients.blocks import blocks_of
from tests.clients.installation import Installation, installed, run
from tests.clients.listening import Exchange, Listener, listening

SDK = "nodash/packages/nodash-sdk/dist/index.js"
COMMAND_LINE = "nodash/packages/nodash-cli/dist/cli.js"
README = "nodash-dev-7ba8af2/README.md"
NEEDS = (SDK, COMMAND_LINE, README)
DRIVER = Path(__file__).parent / "nodash.cjs"
TENANT = {"x-tenant-id": "tenant1"}
KEY = re.compile(r"x-api-key: ([\w-]*tenant1)")
FACTS = {"action_recorded.v1": 5, "subject_described.v1": 3}


def meet(clients: Path) -> tuple[str, list[Exchange]]:
    """Run curls, SDK and command line against a fresh installation, and return the key and what was said."""
    key = KEY.findall((clients / README).read_text(encoding="utf-8"))[0]
    with installed("nodash", tenant="tenant1", key=key) as here, listening(here.address) as between:
        for block in blocks_of(clients / README, "bash", having="curl -X POST", address=between.address):
            assert json.loads(run("sh", "-ec", block, PATH=os.environ["PATH"]))["success"] is True
        said = json.loads(run("node", DRIVER, clients / SDK, between.address, key, PATH=os.environ["PATH"]))
        returned(said)
        typed(clients / COMMAND_LINE, between, here)
        counted(here)
        here.compute_again()
        counted(here)
        return here.key, between.heard


def returned(said: dict[str, Any]) -> None:
    assert {said[name]["success"] for name in ("first", "second", "third", "identified", "again")} == {True}
    assert said["health"]["status"] == "ok"
    assert said["wrong"] == "Request failed: HTTP 401: Unauthorized"
    assert said["events"]["totalCount"] == 4, "three of the SDK, one of the README"
    assert [event["eventName"] for event in said["mine"]["events"]] == ["page_view"]
    assert [event["eventName"] for event in said["page"]["events"]] == ["page_view", "ai_interaction"]
    assert said["filtered"]["totalCount"] == 1
    (user,) = said["users"]["users"]
    assert (user["eventCount"], user["sessionCount"], said["active"]["totalCount"]) == (2, 1, 2)


def typed(program: Path, between: Listener, here: Installation) -> None:
    def nodash(*arguments: str) -> str:
        return run("node", program, *arguments, PATH=os.environ["PATH"], NODASH_CONFIG_DIR=str(here.folder / "nodash"))

    nodash("init", "--url", f"{between.address}/nodash", "--token", here.key)
    assert "Tracked event" in nodash("track", "cli_first_use", "--properties", '{"source": "documentation"}')
    health = nodash("health")
    assert "Status: healthy" in health
    assert "eventStore: pass" in health
    found = json.loads(nodash("query", "events", "--type", "cli_first_use", "--limit", "1"))
    assert (found["totalCount"], found["events"][0]["properties"]) == (1, {"source": "documentation"})
    assert json.loads(nodash("query", "users", "--sort-by", "eventCount", "--sort-order", "desc"))["totalCount"] == 2


def counted(here: Installation) -> None:
    events = here.ask("/v1/events/query", TENANT)["data"]
    assert sorted(event["eventName"] for event in events["events"]) == [
        *("ai_interaction", "cli_first_use", "page_view", "user_signed_up", "user_signup")
    ]
    users = here.ask("/v1/users/query?sortBy=eventCount&sortOrder=desc", TENANT)["data"]
    assert [(user["eventCount"], user["sessionCount"]) for user in users["users"]] == [(2, 1), (1, 1)]
    assert "user-123" not in json.dumps([events, users])
