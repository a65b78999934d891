"""What bilan's clients send without a key is for the site that is bound to its mount, and in production for no other."""

from pathlib import Path

from collector.local.master_key import settle_master_key
from contracts.control import mounts, sites
from tests.collector.control.telling import controlled, told
from tests.collector.dialects.bilan_world import OLD_VOTE, World


async def test_in_production_a_key_is_asked_for_until_a_site_is_bound(nats_url: str, tmp_path: Path):
    environment = {"COLLECTOR_MODE": "production", "COLLECTOR_MASTER_KEY_FILE": str(tmp_path / "master.key")}
    async with controlled(nats_url, environment) as (collector, pen):
        await settle_master_key(collector.client, tmp_path / "master.key", replicas=1)
        await pen.write([*pen.tenant("acme"), *pen.site("acme", "chat.example"), *pen.site("acme", "other.example")])
        await told(collector, pen)
        world = World(collector=collector, keys={})
        answers = [
            await world.vote("p1", key="none"),
            await world.send(OLD_VOTE, key="none"),
            await world.send(b"[]", key="none"),
        ]
        assert [answer.status_code for answer in answers] == [401, 404, 401]
        assert answers[0].json() == {"error": "Missing API key"}
        assert "collector sites bind bilan" in answers[1].json()["message"]
        claimed = pen.event(mounts.MountClaimed, mounts.mount_id("bilan"), tenant="acme", key="chat.example")
        await pen.write([*pen.of_site(sites.SiteBound, "acme", "chat.example", mount="bilan"), claimed])
        await told(collector, pen)
        before = await world.last()
        assert (await world.vote("p1", key="none")).json()["stats"]["processed"] == 1
        assert (await world.send(OLD_VOTE, key="none")).json() == {"success": True, "count": 1}
        assert {(fact.tenant, fact.site) for fact, _ in await world.since(before)} == {("acme", "chat.example")}


async def test_a_tenants_key_is_for_its_only_site_whosever_site_the_mount_is_bound_to(stream_free_nats: str, tmp_path: Path):
    environment = {"COLLECTOR_MODE": "production", "COLLECTOR_MASTER_KEY_FILE": str(tmp_path / "master.key")}
    async with controlled(stream_free_nats, environment) as (collector, pen):
        await settle_master_key(collector.client, tmp_path / "master.key", replicas=1)
        of_acme, of_rival, claimed = (
            pen.key("acme", "ingest"),
            pen.key("rival", "ingest"),
            pen.event(mounts.MountClaimed, mounts.mount_id("bilan"), tenant="acme", key="chat.example"),
        )
        acme = [*pen.tenant("acme"), *pen.site("acme", "chat.example"), *pen.site("acme", "other.example"), *of_acme[1]]
        await pen.write([*acme, *pen.tenant("rival"), *pen.site("rival", "own.example"), *of_rival[1], claimed])
        await told(collector, pen)
        world = World(collector=collector, keys={"acme": of_acme[0], "rival": of_rival[0]})
        before = await world.last()
        answers = [await world.vote("same", key=key) for key in ("acme", "rival")]
        assert [answer.json()["stats"]["processed"] for answer in answers] == [1, 1]
        stored = [(fact.tenant, fact.site) for fact, _ in await world.since(before)]
        assert stored == [("acme", "chat.example"), ("rival", "own.example")]


async def test_a_key_of_several_sites_is_told_that_nobody_knows_for_which(stream_free_nats: str, tmp_path: Path):
    environment = {"COLLECTOR_MODE": "production", "COLLECTOR_MASTER_KEY_FILE": str(tmp_path / "master.key")}
    async with controlled(stream_free_nats, environment) as (collector, pen):
        await settle_master_key(collector.client, tmp_path / "master.key", replicas=1)
        key, issued = pen.key("acme", "ingest")
        await pen.write([*pen.tenant("acme"), *pen.site("acme", "a.example"), *pen.site("acme", "b.example"), *issued])
        await told(collector, pen)
        world = World(collector=collector, keys={"acme": key})
        bilan = await world.vote("lost", key="acme")
        bearer = {"Authorization": f"Bearer {key}", "x-tenant-id": "acme"}
        nodash = await collector.http.post("/v1/track", json={"event": "lost"}, headers=bearer)
        line = {"event_id": "lost", "event_type": "error", "event_name": "lost"}
        change66 = await collector.http.post("/api/v1/ingest", json=line, headers=bearer)
        assert [answer.status_code for answer in (bilan, nodash, change66)] == [403, 403, 404]
        for answer in (bilan, nodash):
            assert answer.json()["error"] == "Forbidden"
            assert "use a key of one, or bind one with" in answer.json()["message"]
        assert change66.json()["error"] == "unknown_site"
        assert await world.last() == 0
