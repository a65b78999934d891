"""A vault that does not open, at the front door: 503 with words, nothing made, nothing lost, and open again with its key."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from collector.control.vault import VaultClosed
from collector.local.master_key import settle_master_key, start_over
from collector.local.nats import NatsServer
from collector.stream import connection as broker
from tests.collector.control.world import NAME, PASSWORD, World


@asynccontextmanager
async def opened(server: NatsServer, key_file: Path) -> AsyncIterator[World]:
    client = await broker.connect(server.url, on_loss=lambda: None)
    world = World(server.url, client, key_file)
    yield world
    await world.close()
    await broker.disconnect(client)


async def test_a_lost_a_wrong_and_a_damaged_key_close_what_needs_it_until_the_right_one_is_back(world: World, tmp_path: Path):
    await world.join()
    right = world.key_file.read_text()
    wrong = right[:30] + right[30:].swapcase()
    for lost, code in ((None, "no_master_key"), (wrong, "wrong_master_key"), (right[:40], "damaged_master_key")):
        if lost is None:
            world.key_file.unlink()
        else:
            world.key_file.write_text(lost)
        with pytest.raises(VaultClosed):
            await settle_master_key(world.client, world.key_file, replicas=1)
        assert world.key_file.exists() is (lost is not None), "no key is made where something is kept"
        answer = await world.sign_in()
        assert (answer.status_code, answer.json()["code"]) == (503, code)
        assert "from your backup" in answer.json()["detail"]
        assert str(tmp_path) not in answer.text
    world.key_file.write_text(right)
    assert (await world.sign_in()).status_code == 201


async def test_a_session_that_is_open_needs_no_key(world: World):
    await world.join()
    await world.sign_in()
    world.key_file.unlink()
    assert (await world.sign_in()).status_code == 503
    answer = await world.ask.get("/v1/admin/sessions")
    assert (answer.status_code, answer.json()["name"]) == (200, "")


async def test_a_copy_opens_with_the_key_that_came_along_and_not_without(nats_server: Callable[[], NatsServer], tmp_path: Path):
    server = nats_server()
    async with opened(server, tmp_path / "nats-0" / "master.key") as original:
        await (await original.begin()).join()
    await asyncio.to_thread(server.stop)
    shutil.copytree(tmp_path / "nats-0", tmp_path / "nats-1")
    async with opened(nats_server(), tmp_path / "nats-1" / "master.key") as copy:
        assert (await copy.sign_in()).status_code == 201
        copy.key_file.unlink()
        assert (await copy.sign_in()).json()["code"] == "no_master_key"


async def test_a_backup_that_is_put_back_opens_with_the_key_of_its_time(nats_server: Callable[[], NatsServer], tmp_path: Path):
    server, key = nats_server(), tmp_path / "master.key"
    async with opened(server, key) as before:
        await (await before.begin()).join()
    await asyncio.to_thread(server.stop)
    shutil.copytree(tmp_path / "nats-0", tmp_path / "nats-1")
    backed_up = key.read_text()
    # Afterwards somebody starts over, with another key.
    await asyncio.to_thread(server.start)
    async with opened(server, key) as since:
        key.unlink()
        await start_over(since.client, key, replicas=1)
        assert (await since.sign_in()).status_code == 401
    async with opened(nats_server(), key) as restored:
        assert (await restored.sign_in()).json()["code"] == "wrong_master_key"
        key.write_text(backed_up)
        assert (await restored.sign_in()).status_code == 201


async def test_after_starting_over_the_owner_is_invited_again(world: World):
    short = await world.join()
    world.key_file.unlink()
    await start_over(world.client, world.key_file, replicas=1)
    assert (await world.sign_in()).status_code == 401
    invitation = await world.people.invite_owner()
    assert invitation is not None
    body = {"invitation": invitation.secret, "name": NAME, "password": PASSWORD}
    taken = await world.ask.post("/v1/admin/invitations/take", json=body)
    assert taken.status_code == 201
    assert taken.json()["member"] != short


async def test_without_nats_everything_is_answered_in_words(nats_server: Callable[[], NatsServer], tmp_path: Path):
    server = nats_server()
    async with opened(server, tmp_path / "key") as world:
        await (await world.begin()).join()
        await world.sign_in()
        await asyncio.to_thread(server.stop)
        asked = (world.sign_in(), world.ask.get("/v1/admin/sessions"), world.ask.post("/v1/token"))
        for answer in await asyncio.gather(*asked):
            assert (answer.status_code, answer.json()["code"]) == (503, "control_unavailable")
            assert answer.headers["retry-after"]
