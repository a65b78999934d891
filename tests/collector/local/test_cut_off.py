"""A power failure leaves files of no bytes, or half of them: the next start works, keeps what counts, and never opens NATS."""

import asyncio
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import nats
import pytest

from collector.local.child import NotStarted
from collector.local.nats import NatsServer
from collector.local.pg_place import recorded_place
from collector.local.private import secret_in, write_private
from collector.local.servers import Servers, servers_in_data
from collector.settings import Settings, read_settings_of

# Every file of ours that a start reads; Postgres' and NATS's own are theirs to look after, but for the first that we read.
FILES = (
    "identity",
    "identity.seen",
    "children.json",
    "runtime.json",
    "lock",
    "nats/token",
    "nats/nats.conf",
    "nats/nats.pid",
    "postgres/password",
    "postgres/location",
    "postgres/PLACE/identity",
    "postgres/PLACE/cluster/files/PG_VERSION",
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An installation with one event in it, stopped; every test cuts a file of it, and starts it again."""
    data = tmp_path_factory.mktemp("cut") / "data"
    told = read_settings_of(Settings, {"COLLECTOR_DATA": str(data)})
    with servers_in_data(told) as (servers, _):
        servers.start()
        asyncio.run(keep_one(servers.nats_url))
    yield told
    if (place := recorded_place(data / "postgres")) is not None:
        shutil.rmtree(place)


async def keep_one(nats_url: str) -> None:
    client = await nats.connect(nats_url)
    await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
    await client.jetstream().publish("kept", b"1")
    await client.close()


@pytest.mark.parametrize("left", [0, pytest.param(0.25, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", FILES)
async def test_it_starts_again_with_what_was_acknowledged(settings, name, left):
    cut(settings, name, left)
    with servers_in_data(settings) as (servers, _):
        servers.start()
        assert asks_for_a_token(servers)
        client = await nats.connect(servers.nats_url)
        assert (await client.jetstream().stream_info("KEPT")).state.messages == 1
        await client.close()
        connection = await asyncpg.connect(servers.database_url)
        await connection.close()


async def test_a_database_that_cannot_be_opened_is_made_again_as_its_last_words_advise(settings):
    cut(settings, "postgres/PLACE/cluster/files/global/pg_control", 0)
    with servers_in_data(settings) as (servers, _), pytest.raises(NotStarted, match=r"move .* away") as refused:
        servers.start()
    advised = re.search(r"move (\S+) away and start again", str(refused.value))
    Path(advised[1]).rename(Path(advised[1]).with_name("damaged"))
    with servers_in_data(settings) as (servers, _):
        servers.start()


def cut(settings: Settings, name: str, left: float) -> None:
    data = settings.local.data
    home, _, within = name.partition("/PLACE/")
    file = (recorded_place(data / home) or data / home) / within if within else data / name
    content = file.read_bytes() if file.exists() else b""
    file.write_bytes(content[: int(len(content) * left)])


def asks_for_a_token(servers: Servers) -> bool:
    port = int(servers.nats_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as stranger, stranger.makefile("rb") as said:
        return json.loads(said.readline().removeprefix(b"INFO ")).get("auth_required", False)


def test_nats_is_not_started_without_a_token(tmp_path):
    server = NatsServer(tmp_path)
    server._token = ""
    with pytest.raises(NotStarted, match="does not run without a token"):
        server.start()
    assert not (tmp_path / "nats.conf").exists()


def test_a_secret_is_on_the_disk_before_its_name_is(tmp_path, monkeypatch):
    calls: list[str] = []
    synced, replaced = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: calls.append("fsync") or synced(descriptor))
    monkeypatch.setattr(Path, "replace", lambda draft, to: calls.append("name") or replaced(draft, to))
    write_private(tmp_path / "token", "x")
    assert calls == ["fsync", "name", "fsync"]


@pytest.mark.parametrize("content", [b"", b"\0" * 43, b"half", b'with a "quote" in the middle of it', b"\xff" * 20])
def test_what_is_no_secret_is_made_again(tmp_path, content):
    (tmp_path / "token").write_bytes(content)
    made = secret_in(tmp_path / "token")
    assert len(made) == 43
    assert secret_in(tmp_path / "token") == made
