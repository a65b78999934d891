"""The embedded servers are the real ones, private, durable, silent, and survive a kill -9."""

import json
import os
import signal
import socket
import stat
import subprocess
import urllib.request

import asyncpg
import nats
import pytest

from collector.local.child import NotStarted, identity
from collector.local.nats import MIN_NATS_VERSION, NatsServer, nats_server_binary, parse_version
from collector.local.pg_binaries import find_binaries
from collector.local.postgres import PostgresServer

SECRET_VALUE = "198.51.100.77"


def jetstream_config(server: NatsServer) -> dict:
    with urllib.request.urlopen(f"{server.monitor_url}/varz", timeout=5) as answer:
        return json.load(answer)["jetstream"]["config"]


def kill(server: NatsServer | PostgresServer) -> None:
    os.kill(server.pid, signal.SIGKILL)
    server.child.process.wait()


async def say(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def test_nats_writes_every_acknowledged_event_to_the_disk_and_asks_for_a_token(nats_server, tmp_path):
    server = nats_server()
    assert jetstream_config(server)["sync_always"] is True
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as stranger, stranger.makefile("rb") as said:
        assert json.loads(said.readline().removeprefix(b"INFO "))["auth_required"] is True
    for secret in ("token", "nats.conf"):
        assert stat.S_IMODE((tmp_path / "nats-0" / secret).stat().st_mode) == 0o600


async def test_nats_comes_back_from_a_kill_at_its_address_with_what_it_acknowledged(nats_server):
    server = nats_server()
    client = await nats.connect(server.url)
    await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
    await client.jetstream().publish("kept", b"1")
    await client.close()
    before = server.url
    kill(server)
    server.start()
    assert server.url == before
    client = await nats.connect(server.url)
    assert (await client.jetstream().stream_info("KEPT")).state.messages == 1
    await client.close()


async def test_postgres_comes_back_from_a_kill_at_its_address_with_what_was_committed(postgres_server):
    server = postgres_server()
    before = server.url
    await say(server.url, "CREATE TABLE kept AS SELECT 1 AS one")
    kill(server)
    server.start()
    assert server.url == before
    assert await say(server.url, "SELECT one FROM kept") == 1


async def test_postgres_is_durable_sorts_alike_everywhere_and_asks_for_a_password(postgres_server):
    server = postgres_server()
    for setting, value in {"fsync": "on", "synchronous_commit": "on", "server_encoding": "UTF8"}.items():
        assert await say(server.url, f"SHOW {setting}") == value
    assert await say(server.url, "SELECT array_agg(t ORDER BY t) = '{B,a,ä}' FROM unnest('{ä,a,B}'::text[]) t") is True
    host = server.url.split("@")[1]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://collector:guess@{host}")


async def test_no_value_of_a_statement_reaches_the_logs_of_postgres(postgres_server):
    server = postgres_server()
    await say(server.url, "CREATE TABLE addresses (address text PRIMARY KEY, number int)")
    await say(server.url, f"INSERT INTO addresses VALUES ('{SECRET_VALUE}', 1)")
    for failing in (
        f"INSERT INTO addresses VALUES ('{SECRET_VALUE}', 2)",
        f"SELECT '{SECRET_VALUE}'::int",
        f"SELEC '{SECRET_VALUE}'",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await say(server.url, failing)
    log = server.child.program.log.read_bytes()
    assert b"ready to accept connections" in log
    assert SECRET_VALUE.encode() not in log


def test_postgres_runs_as_an_ordinary_user_and_touches_no_mode_that_is_not_its_own(postgres_server, tmp_path):
    tmp_path.chmod(0o700)
    server = postgres_server()
    owner = subprocess.run(["ps", "-o", "uid=", "-p", str(server.pid)], capture_output=True, text=True, check=True).stdout
    assert int(owner) != 0
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "postgres-0" / "password").stat().st_mode) == 0o600


def test_postgres_starts_although_its_number_of_before_is_anothers_now(postgres_server):
    server = postgres_server()
    files = server.child.program.folder / "files"
    lock, owner = (files / "postmaster.pid").read_text(), server.child.program.owner
    server.stop()
    # As after a power failure: its lock file is there, and the number in it belongs to another program of the same user.
    with subprocess.Popen(["sleep", "600"], **identity(owner)) as stranger:
        try:
            (files / "postmaster.pid").write_text(f"{stranger.pid}\n{lock.partition(chr(10))[2]}")
            if owner is not None:
                os.chown(files / "postmaster.pid", owner.uid, owner.gid)
            server.start()
        finally:
            stranger.kill()
    assert server.child.is_running


def test_a_cluster_that_was_made_halfway_is_made_again(postgres_server):
    server = postgres_server()
    server.stop()
    files = server.child.program.folder / "files"
    files.rename(files.with_name("files.draft"))
    server.start()
    assert server.child.is_running


def test_the_binaries_are_found_and_new_enough():
    assert nats_server_binary().exists()
    assert find_binaries().major >= 14
    with pytest.raises(NotStarted, match="PostgreSQL 9"):
        find_binaries(9)


@pytest.mark.parametrize(
    ("text", "version"), [("nats-server: v2.15.1", (2, 15, 1)), ("v2.9.25-beta", (2, 9, 25)), ("nonsense", (0,))]
)
def test_versions_compare_as_numbers(text, version):
    assert parse_version(text) == version
    assert (parse_version("2.9.0") < MIN_NATS_VERSION) is True


def test_a_server_that_cannot_start_says_where_to_look(nats_server, tmp_path):
    (tmp_path / "nats-0").mkdir()
    (tmp_path / "nats-0" / "jetstream").write_text("a file where a folder should be")
    with pytest.raises(NotStarted, match=r"nats-server stopped while starting.*See .*nats-server\.log"):
        nats_server()
