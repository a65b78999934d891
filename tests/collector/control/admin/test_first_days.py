"""Before anybody is a member this machine may decide everything, asked directly, and nobody else; and while NATS is away."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
from nats.aio.client import Client

from collector.control.admin import create_admin
from collector.local.nats import NatsServer
from collector.stream import connection as broker
from collector.upkeep import running_beside
from contracts.sessions import COOKIE
from tests.collector.control.people_world import World


def asking(world: World, *, peer: str = "127.0.0.1", host: str = "localhost:8000") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=create_admin(world.desk), client=(peer, 4711), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")


async def test_this_machine_decides_until_somebody_is_a_member_and_nobody_else_does(world: World):
    async with running_beside(world.follower.watch()):
        added = await world.ask.post("/v1/admin/sites", json={"key": "shop.example"})
        assert added.status_code == 201, added.text
        assert added.json()["site"]["tenant"] == "main", "the settings' tenant comes with its first site"
        for stranger in (
            asking(world, peer="203.0.113.9"),
            asking(world, host="stats.example.org"),
            asking(world, host="127.0.0.1.example.org"),
        ):
            async with stranger:
                assert (await stranger.get("/v1/admin/sites")).status_code == 401
        for header in ("X-Forwarded-For", "Forwarded", "Via"):
            assert (await world.ask.get("/v1/admin/sites", headers={header: "127.0.0.1"})).status_code == 401
        elsewhere = {"Origin": "https://evil.example"}
        assert (await world.ask.post("/v1/admin/tenants", json={"name": "evil"}, headers=elsewhere)).status_code == 403
        stale = {"Cookie": f"{COOKIE}=of-before"}
        assert (await world.ask.get("/v1/admin/sites", headers=stale)).status_code == 200
        await world.join()
        assert (await world.ask.get("/v1/admin/sites")).status_code == 401
        assert (await world.ask.get("/v1/admin/sites", headers=stale)).status_code == 401


async def test_a_listed_key_decides_whatever_it_looks_like(stream_free_nats: str, client: Client, tmp_path: Path):
    texts = ("sixteen-characters", "a.key.like-a-token", f"ck_of_{'its' * 5}_own.form.")
    listed = ",".join(f"main:admin:{text}" for text in texts)
    async with World(stream_free_nats, client, tmp_path / "key", COLLECTOR_API_KEYS=listed) as world:
        await world.begin()
        async with running_beside(world.follower.watch()):
            await world.follower.be_level()
            for text in texts:
                assert (await world.ask.get("/v1/admin/sites", headers={"X-API-Key": text})).status_code == 200
            for text in ("another.key.like-a-token", "another-key-of-nobody"):
                assert (await world.ask.get("/v1/admin/sites", headers={"X-API-Key": text})).status_code == 401


async def test_the_first_key_brings_the_tenant_of_the_settings_along(world: World):
    async with running_beside(world.follower.watch()):
        assert (await world.ask.post("/v1/admin/keys", json={"scopes": "ingest"})).status_code == 201
        tenants = (await world.ask.get("/v1/admin/tenants")).json()["items"]
        assert [tenant["name"] for tenant in tenants] == ["main"]


async def test_with_nats_away_what_there_is_is_shown_and_a_change_is_503(nats_server: Callable[[], NatsServer], tmp_path: Path):
    server, token = nats_server(), "token-" * 4
    client = await broker.connect(server.url, on_loss=lambda: None)
    world = await World(server.url, client, tmp_path / "key", COLLECTOR_ACCESS_TOKEN=token).begin()
    world.ask.headers["Authorization"] = f"Bearer {token}"
    async with running_beside(world.follower.watch()):
        key = (await world.ask.post("/v1/admin/keys", json={"scopes": "admin"})).json()
        await world.ask.post("/v1/admin/sites", json={"key": "shop.example"})
        assert len((await world.ask.get("/v1/admin/sites")).json()["items"]) == 1
        await asyncio.to_thread(server.stop)
        for shown in (world.ask.headers["Authorization"], f"Bearer {key['text']}"):
            said = {"Authorization": shown}
            assert len((await world.ask.get("/v1/admin/sites", headers=said)).json()["items"]) == 1
            away = await world.ask.post("/v1/admin/sites/shop.example/archive", headers=said)
            assert (away.status_code, away.json()["code"]) == (503, "control_unavailable")
            assert away.headers["retry-after"] == "2"
    await world.close()
    await broker.disconnect(client)
