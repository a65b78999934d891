"""`collector control` and `collector members` do what they say, and doctor says of the vault what there is to do."""

import asyncio
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
import nats
import pytest
from click.testing import CliRunner, Result

from collector.cli import main
from collector.control.bucket import Bucket
from collector.control.keeping import found_control
from collector.local.directory import Runtime, locked, write_runtime
from collector.local.nats import NatsServer
from collector.stream import connection as broker
from contracts.control.stream import CONTROL_STREAM
from contracts.vault import member_entry
from projections.control.accepted import known_decisions
from projections.control.keeper import ControlKeeper
from projections.migrations import migrate
from projections.stream import StreamUnavailable, WaitingIsNoUse
from tests.facts import traffic
from tests.projections.control.deciding import Decisions
from tests.projections.world import Facts
from tests.running import clean_environment

LINK = re.compile(r"https://stats\.example\.org/join#[0-9a-f]{32}\.[0-9a-f]{64}\n")
NOWHERE = "nats://127.0.0.1:1"
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(stream_free_nats: str, tmp_path: Path, postgres_url: str) -> Run:
    known = {
        "COLLECTOR_NATS_URL": stream_free_nats,
        "COLLECTOR_DATABASE_URL": postgres_url,
        "COLLECTOR_DATA": str(tmp_path / "data"),
        "COLLECTOR_PUBLIC_URL": "https://stats.example.org",
    }

    async def run(line: str, **settings: str) -> Result:
        name, *arguments = line.split()
        # The command itself: what stands before all of them takes the right to leave a core from the whole process.
        command = main.get_command(click.Context(main), name)
        assert command is not None
        return await asyncio.to_thread(CliRunner().invoke, command, arguments, env=clean_environment(**known | settings))

    return run


async def test_a_key_is_made_once_and_lost_is_never_made_again(run: Run, tmp_path: Path):
    assert "note  Vault: there is no master key yet" in (await run("doctor")).output
    key = tmp_path / "data" / "master.key"
    for _ in range(2):
        assert (await run("control init")).exit_code == 0
    assert "ok  Vault: opens with the master key, and holds 0 secret(s)" in (await run("doctor")).output
    kept = key.read_text()
    key.unlink()
    refused = await run("control init")
    assert "There is no master key" in " ".join(refused.output.split())
    assert not key.exists()
    report = await run("doctor")
    assert report.exit_code == 1
    assert "fail  Vault: does not open" in report.output
    assert "`collector control reset-vault`" in report.output
    key.write_text(kept)
    assert (await run("doctor")).exit_code == 0


async def test_starting_over_says_what_is_lost_asks_and_invites_the_owner(run: Run, tmp_path: Path):
    key = tmp_path / "data" / "master.key"
    await run("control init")
    invited = await run("members invite --role viewer")
    assert LINK.fullmatch(invited.output)
    key.unlink()
    asked = await run("control reset-vault")
    assert asked.exit_code == 1
    assert "nobody can sign in until they are invited again" in asked.output
    assert not key.exists()
    done = await run("control reset-vault --yes")
    assert done.exit_code == 0, done.output
    assert LINK.search(done.output)
    assert key.exists()
    assert "ok  Vault" in (await run("doctor")).output


async def test_a_loss_of_decisions_is_accepted_by_a_command_that_says_what_goes_and_asks(
    run: Run, stream_free_nats: str, postgres_url: str
):
    async def known() -> dict[str, int]:
        async with ControlKeeper(nats_url=stream_free_nats, database_url=postgres_url) as keeper:
            await keeper.catch_up()
        return (await known_decisions(postgres_url)).things

    await migrate(postgres_url)
    await run("control init")
    assert (await run("tenants add acme")).exit_code == 0
    assert await known() == {"tenant": 1}
    assert "Nothing is lost" in (await run("control accept-loss --yes")).output
    client = await nats.connect(stream_free_nats)
    await Decisions(client).take_away()
    await Decisions(client).make()
    await client.close()
    asked = await run("control accept-loss")
    assert asked.exit_code == 1
    assert "of what Postgres knows: 1 tenant(s)" in asked.output
    with pytest.raises(StreamUnavailable, match="collector control accept-loss"):
        await known()
    assert "`collector control accept-loss`" in " ".join((await run("doctor")).output.split())
    done = await run("control accept-loss --yes")
    assert done.exit_code == 0, done.output
    assert await known() == {}
    assert "Nothing is lost" in (await run("control accept-loss --yes")).output


async def test_as_is_said_of_lost_decisions_their_folder_is_put_back_and_what_was_taken_since_stays(
    run: Run, nats_server: Callable[[], NatsServer], postgres_url: str, tmp_path: Path
):
    async def known() -> dict[str, int]:
        async with ControlKeeper(nats_url=server.url, database_url=postgres_url) as keeper:
            await keeper.catch_up()
        return (await known_decisions(postgres_url)).things

    server = nats_server()
    await migrate(postgres_url)
    assert (await run("control init", COLLECTOR_NATS_URL=server.url)).exit_code == 0
    assert (await run("tenants add acme", COLLECTOR_NATS_URL=server.url)).exit_code == 0
    before = await known()
    server.stop()
    folder = next(tmp_path.rglob(f"streams/{CONTROL_STREAM.name}"))
    shutil.copytree(folder, tmp_path / "backup")
    server.start()
    async with Facts(server.url) as facts:
        await facts.publish(*traffic(20, seed=1))
        await Decisions(facts.client).take_away()
        await Decisions(facts.client).make()
    with pytest.raises(WaitingIsNoUse, match="put the folder of this one stream back"):
        await known()
    server.stop()
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "backup", folder)
    server.start()
    assert await known() == before
    assert "Nothing is lost" in (await run("control accept-loss --yes", COLLECTOR_NATS_URL=server.url)).output
    async with Facts(server.url) as facts:
        assert await facts.messages() == 20


async def test_a_site_is_not_added_in_the_place_of_lost_decisions_and_what_to_do_is_said(run: Run, stream_free_nats: str):
    await run("control init")
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    await Bucket(client, replicas=1).write(member_entry("m1"), b"sealed", expected=0)
    refused = await run("sites add shop.example")
    assert refused.exit_code == 1
    assert "`collector control accept-loss`" in str(refused.exception)
    assert "does not answer" not in str(refused.exception)
    assert await found_control(client) is None, "and no stream was made"
    await broker.disconnect(client)


async def test_a_link_leads_to_where_a_running_collector_is(run: Run, tmp_path: Path, stream_free_nats: str):
    await run("control init")
    data, there = tmp_path / "data", "http://127.0.0.1:9000"
    with locked(data):
        note = Runtime(pid=os.getpid(), nats_url=stream_free_nats, monitor_url=None, database_url="", web_url=there)
        write_runtime(data, note)
        assert (await run("members invite")).output.startswith(f"{there}/join#")
        assert f"{there}/join#" in (await run("control reset-vault --yes")).output


async def test_nobody_is_invited_whom_no_vault_could_keep(run: Run):
    refused = await run("members invite")
    assert refused.exit_code == 1
    assert "There is no master key" in str(refused.exception), "which the command above all of them prints"
    assert "belongs to a tenant" in (await run("members invite --site shop.example")).output


async def test_without_nats_no_key_is_made(run: Run, tmp_path: Path):
    refused = await run("control init", COLLECTOR_NATS_URL=NOWHERE)
    assert "NATS does not answer" in " ".join(refused.output.split())
    assert not (tmp_path / "data" / "master.key").exists()
