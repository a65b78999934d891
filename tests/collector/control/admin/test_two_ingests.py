"""Keys at the front doors of two ingest processes: rotated under load no event fails, and a revoked one ends everywhere."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx

from collector.control.admin.opening import open_admin
from collector.settings import read_settings
from tests.collector.control.telling import writing
from tests.collector.ingest import Running, running

TOKEN = "token-" * 4
SENDERS = 4
# What is promised of every ingest process.
PROMISED_SECONDS = 2.0
SETTINGS = {"COLLECTOR_MODE": "production", "COLLECTOR_SITES": "shop.example", "COLLECTOR_ACCESS_TOKEN": TOKEN}


@contextlib.asynccontextmanager
async def two_doors(nats_url: str, folder: Path) -> AsyncIterator[tuple[list[Running], httpx.AsyncClient]]:
    """Open two ingest halves, and the administration beside the first."""

    def clock() -> datetime:
        return datetime.now(UTC)

    settings = read_settings(SETTINGS)
    async with (
        writing(nats_url),
        running(nats_url, SETTINGS) as first,
        running(nats_url, SETTINGS) as second,
        open_admin(settings, nats_url, folder / "key", first.ingest.care.follower, clock) as admin,
    ):
        transport = httpx.ASGITransport(app=admin, client=("127.0.0.1", 4711))
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=bearer) as ask:
            yield [first, second], ask


async def send(door: Running, key: str) -> int:
    body = {"domain": "shop.example", "name": "pageview", "url": "https://shop.example/a"}
    return (await door.http.post("/api/event", json=body, headers={"X-API-Key": key})).status_code


async def test_a_key_is_rotated_under_load_and_revoked_everywhere(stream_free_nats: str, tmp_path: Path):
    async with two_doors(stream_free_nats, tmp_path) as (doors, ask):
        made = await issued(ask)
        await until_all(doors, made["text"], 204)
        in_use, answers, is_over = [made["text"]], [], asyncio.Event()

        async def go_on(door: Running) -> None:
            while not is_over.is_set():
                answers.append(await send(door, in_use[-1]))

        senders = [asyncio.ensure_future(go_on(doors[number % 2])) for number in range(SENDERS)]
        for _ in range(3):
            rotated = await ask.post(f"/v1/admin/keys/{made['key']['id']}/rotate", json={"overlap_hours": 1})
            former, made = made, rotated.json()
            await until_all(doors, made["text"], 204)
            in_use.append(made["text"])
            before = len(answers)
            while len(answers) < before + 20:
                await asyncio.sleep(0)
        is_over.set()
        await asyncio.gather(*senders)
        assert set(answers) == {204}, "no event fails while a key is rotated"
        assert [await send(door, former["text"]) for door in doors] == [204, 204], "both work for a while"
        for each in (former, made):
            assert (await ask.post(f"/v1/admin/keys/{each['key']['id']}/revoke")).json()["key"]["is_revoked"]
            await until_all(doors, each["text"], 401)


async def issued(ask: httpx.AsyncClient) -> dict:
    answer = await ask.post("/v1/admin/keys", json={"scopes": ["ingest"]})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def until_all(doors: list[Running], key: str, status: int) -> None:
    async with asyncio.timeout(PROMISED_SECONDS):
        for door in doors:
            while await send(door, key) != status:
                await asyncio.sleep(0.01)
