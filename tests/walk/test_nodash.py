"""What Nodash's SDK does: it tracks and identifies, and asks for it right away by the ids that it has sent."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct

from collector.local.master_key import settle_master_key
from contracts.control import sites
from contracts.control.mounts import MountClaimed, mount_id
from projections.migrations import migrate
from projections.projections import PRODUCT
from projections.stream.newest import Newest
from projections.vault import VaultReader
from tests.collector.control.telling import controlled, told
from tests.projections.control.deciding import decided, of, site
from tests.projections.query.world import open_world
from tests.projections.world import PATIENCE, projecting

SITE = "app.example"
BODIES = [
    (
        "/track",
        {"event": "page_view", "properties": {"path": "/home"}, "timestamp": "2026-11-22T03:04:02.123Z", "userId": "u1"},
    ),
    (
        "/track",
        {"event": "page_view", "properties": {"path": "/next"}, "timestamp": "2026-11-22T03:05:02.123Z", "userId": "u1"},
    ),
    ("/track", {"event": "sign_up", "properties": {"plan": "pro", "userId": "u2"}, "timestamp": "2026-11-22T04:05:00Z"}),
    ("/identify", {"userId": "u1", "traits": {"plan": "pro", "email": "u@e.com"}, "timestamp": "2026-11-22T03:04:30.448Z"}),
    ("/identify", {"userId": "u1", "traits": {"plan": "free"}, "timestamp": "2026-11-22T03:04:01Z"}),
]


class Nodash(Struct):
    """Both halves behind one address, as a client sees them."""

    taking: httpx.AsyncClient
    asked: httpx.AsyncClient
    headers: dict[str, str]

    async def send(self) -> None:
        for path, body in BODIES:
            answer = await self.taking.post(path, content=json.dumps(body), headers=self.headers)
            assert answer.status_code == 200, answer.text

    async def ask(self, what: str, **parameters: Any) -> dict[str, Any]:
        answer = await self.asked.get(f"/v1/{what}/query", params=parameters, headers={"x-tenant-id": "main"})
        assert "X-Collector-Behind" not in answer.headers
        data: dict[str, Any] = answer.json()["data"]
        return data


@pytest.fixture
async def nodash(stream_free_nats: str, postgres_url: str, tmp_path: Path) -> AsyncIterator[Nodash]:
    key_file, database_url = tmp_path / "key", postgres_url
    await migrate(database_url)
    policy = sites.Policy(id="p1", kept=("plan",))
    async with controlled(stream_free_nats, {"COLLECTOR_MASTER_KEY_FILE": str(key_file)}) as (collector, pen):
        await settle_master_key(collector.client, key_file, replicas=1)
        text, issued = pen.key("main", "ingest", site=SITE)
        await pen.write([*pen.tenant("main"), *pen.site("main", SITE), *issued])
        await pen.write(pen.of_site(sites.SitePolicyDecided, "main", SITE, policy=policy))
        await told(collector, pen)
        bound = MountClaimed(**of(mount_id("nodash")), tenant="main", key=SITE)
        await decided(database_url, site(SITE), bound)
        vault, newest = VaultReader(stream_free_nats, key_file), Newest(stream_free_nats, seconds=PATIENCE)
        async with (
            open_world(database_url, vault=vault, newest=newest) as world,
            projecting(stream_free_nats, database_url, projections=(PRODUCT,)),
        ):
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {text}"}
            yield Nodash(taking=collector.http, asked=world.client, headers=headers)


async def test_what_was_just_sent_is_answered_by_hand_count_and_a_resend_changes_nothing(nodash: Nodash):
    for _ in range(2):
        await nodash.send()
        events = await nodash.ask("events")
        assert (events["totalCount"], [event["eventName"] for event in events["events"]]) == (
            3,
            ["sign_up", "page_view", "page_view"],
        )
        mine = await nodash.ask("events", userId="u1", properties='{"path":"/home"}')
        assert [event["properties"] for event in mine["events"]] == [{"path": "/home"}]
        (user,) = (await nodash.ask("users", userId="u1"))["users"]
        assert (user["eventCount"], user["sessionCount"], user["properties"]) == (2, 1, {"plan": "pro"})
        assert (user["firstSeen"], user["lastSeen"]) == ("2026-11-22T03:04:01.000Z", "2026-11-22T03:05:02.123Z")
        assert "u1" not in json.dumps(events), "who it was stands nowhere"
