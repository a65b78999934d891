"""The vault's promises: no reading without the key, nothing destroyed stays on the disk, no key takes another's place."""

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from nats.aio.client import Client

from collector.control.vault import Overtaken, Vault, VaultClosed, VaultUnavailable
from collector.local.master_key import settle_master_key, start_over
from collector.local.nats import NatsServer
from collector.stream import connection as broker
from contracts.vault import VAULT_STREAM, ClosedReason, entry_subject, read_sealed
from tests.collector.control.world import World

VALUE = b"somebody's particulars"


async def stored(client: Client, name: str) -> bytes:
    question = {"last_by_subj": entry_subject(name)}
    return base64.b64decode((await broker.ask(client, f"STREAM.MSG.GET.{VAULT_STREAM}", question)).message.data)


def blocks(server: NatsServer) -> bytes:
    return b"".join(file.read_bytes() for file in server.store.rglob("*.blk"))


async def test_what_is_put_in_comes_out_and_lies_there_sealed(world: World):
    revision = await world.vault.put("member.kim", VALUE, expected_revision=0)
    held = await world.vault.find("member.kim")
    assert held is not None
    assert (held.value, held.revision) == (VALUE, revision)
    assert VALUE not in await stored(world.client, "member.kim")
    assert await world.vault.get("member.nobody") is None
    assert repr(held) == f"Held(revision={revision})"


async def test_the_same_value_is_sealed_anew_each_time(world: World):
    sealed = []
    for revision in (0, await world.vault.put("a", VALUE, expected_revision=0)):
        if revision:
            await world.vault.put("a", VALUE, expected_revision=revision)
        sealed.append(read_sealed(await stored(world.client, "a")))
    assert len({each.nonce for each in sealed if each}) == 2


async def test_an_entry_cannot_stand_in_for_another(world: World):
    await world.vault.put("member.kim", VALUE, expected_revision=0)
    moved = await stored(world.client, "member.kim")
    await world.client.request(entry_subject("member.ash"), moved)
    with pytest.raises(VaultClosed) as closed:
        await world.vault.get("member.ash")
    assert closed.value.reason is ClosedReason.DAMAGED_ENTRY


async def test_of_two_who_write_at_once_one_wins(world: World):
    writing = [world.vault.put("a", bytes([number]), expected_revision=0) for number in range(8)]
    outcomes = await asyncio.gather(*writing, return_exceptions=True)
    assert sum(isinstance(outcome, Overtaken) for outcome in outcomes) == 7


async def test_names_are_listed_and_the_seal_is_none_of_them(world: World):
    for name in ("member.b", "member.a", "tenant-secret.main"):
        await world.vault.put(name, VALUE, expected_revision=0)
    assert await world.vault.names("member.") == ["member.a", "member.b"]
    assert await world.vault.names() == ["member.a", "member.b", "tenant-secret.main"]


async def test_what_is_destroyed_or_replaced_is_on_no_block(nats_server: Callable[[], NatsServer], tmp_path: Path):
    server = nats_server()
    client = await broker.connect(server.url, on_loss=lambda: None)
    vault = (await World(server.url, client, tmp_path / "key").begin()).vault
    first = await vault.put("member.kim", VALUE, expected_revision=0)
    former = await stored(client, "member.kim")
    await vault.put("member.ash", VALUE, expected_revision=0)
    assert former in blocks(server), "else this test looks in the wrong place"
    await vault.put("member.kim", VALUE, expected_revision=first)
    newer = await stored(client, "member.kim")
    assert former not in blocks(server)
    await vault.destroy("member.kim")
    assert newer not in blocks(server)
    assert await stored(client, "member.ash") in blocks(server)
    assert await vault.get("member.kim") is None
    await broker.disconnect(client)


async def test_without_nats_nothing_is_said(nats_server: Callable[[], NatsServer], tmp_path: Path):
    server = nats_server()
    client = await broker.connect(server.url, on_loss=lambda: None)
    vault = (await World(server.url, client, tmp_path / "key").begin()).vault
    await asyncio.to_thread(server.stop)
    asked = (vault.get("a"), vault.put("a", b"", expected_revision=0), vault.destroy("a"), vault.names())
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [VaultUnavailable] * 4
    await broker.disconnect(client)


async def test_a_bucket_that_would_keep_what_is_destroyed_is_refused(world: World):
    config = (await broker.ask(world.client, f"STREAM.INFO.{VAULT_STREAM}")).config
    await broker.ask(world.client, f"STREAM.UPDATE.{VAULT_STREAM}", config | {"max_age": 3_600_000_000_000})
    with pytest.raises(VaultClosed) as closed:
        await world.vault.put("a", b"", expected_revision=0)
    assert closed.value.reason is ClosedReason.DRIFTED
    await broker.ask(world.client, f"STREAM.UPDATE.{VAULT_STREAM}", config)
    await world.vault.put("a", b"", expected_revision=0)


async def test_a_key_is_made_only_while_nothing_is_kept(world: World, tmp_path: Path):
    assert not await settle_master_key(world.client, world.key_file, replicas=1), "it is there already"
    elsewhere = tmp_path / "other" / "master.key"
    with pytest.raises(VaultClosed) as closed:
        await settle_master_key(world.client, elsewhere, replicas=1)
    assert closed.value.reason is ClosedReason.NO_KEY
    assert not elsewhere.exists()
    assert world.key_file.stat().st_mode & 0o777 == 0o600


async def test_a_damaged_key_is_refused_and_stays(world: World):
    for damage in ("", "collector-master-key-1 ", "collector-master-key-1 abc", "\0" * 60, "é"):
        world.key_file.write_text(damage, encoding="latin-1")
        for refused in (world.vault.get("a"), settle_master_key(world.client, world.key_file, replicas=1)):
            with pytest.raises(VaultClosed, match="Put it back from your backup") as closed:
                await refused
            assert closed.value.reason is ClosedReason.DAMAGED_KEY
        assert world.key_file.read_text(encoding="latin-1") == damage


async def test_another_installations_key_opens_nothing_and_writes_nothing(world: World, client: Client, tmp_path: Path):
    await world.vault.put("a", VALUE, expected_revision=0)
    other = tmp_path / "other.key"
    other.write_text(world.key_file.read_text().swapcase().replace("COLLECTOR-MASTER-KEY-1", "collector-master-key-1"))
    vault = Vault(client, other)
    for refused in (vault.get("a"), vault.get("b"), vault.put("b", b"", expected_revision=0), vault.names()):
        with pytest.raises(VaultClosed) as closed:
            await refused
        assert closed.value.reason is ClosedReason.WRONG_KEY
    assert await world.vault.names() == ["a"]


async def test_starting_over_takes_everything_away_and_moves_a_damaged_key_aside(world: World):
    await world.vault.put("a", VALUE, expected_revision=0)
    world.key_file.write_text("half")
    aside = await start_over(world.client, world.key_file, replicas=1)
    assert aside is not None
    assert aside.read_text() == "half"
    assert await world.vault.names() == []
    await world.vault.put("a", VALUE, expected_revision=0)


async def test_starting_over_keeps_a_key_that_is_whole(world: World):
    key = world.key_file.read_text()
    assert await start_over(world.client, world.key_file, replicas=1) is None
    assert world.key_file.read_text() == key
