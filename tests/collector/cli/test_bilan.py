"""bilan's commands: each verb, option and variable has its row in the table, and a backup is read back once."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import click
import pytest
from msgspec import structs

import collector.cli.bilan
from collector.cli.bilan import VERBS, main
from collector.settings.bilan import VARIABLES, take_over_variables
from contracts.codec import CODEC
from contracts.events import VoteCast
from contracts.streams import EventStream
from tests.facts import NOON, pageview
from tests.projections.world import Facts
from tests.running import clean_environment, run_collector

TABLE = Path(collector.cli.bilan.__file__).with_name("README.md").read_text(encoding="utf-8")
BILAN = (sys.executable, "-P", "-m", "collector.cli.bilan")
TURNS = EventStream(family="turns")


@pytest.fixture
async def votes(stream_free_nats: str) -> AsyncIterator[Facts]:
    async with Facts(stream_free_nats, TURNS) as made:
        yield made


def vote(number: int, tenant: str = "main") -> VoteCast:
    id_ = f"019ab5e1-7b10-7c3a-9d51-{number:012d}"
    times = {"occurred_at": NOON, "received_at": NOON + timedelta(seconds=1)}
    return VoteCast(id=id_, tenant=tenant, site="chat.example", subject=f"{number % 2:032x}", value=1, **times)


async def bilan(folder: Path, nats_url: str, *arguments: str) -> str:
    return await asyncio.to_thread(ran, [*BILAN, *arguments], folder, nats_url)


def ran(argv: list[str], folder: Path, nats_url: str) -> str:
    environment = clean_environment(COLLECTOR_NATS_URL=nats_url, COLLECTOR_DATABASE_URL="postgresql://127.0.0.1:1/x")
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=folder, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def restored(folder: Path, nats_url: str) -> str:
    done = await asyncio.to_thread(run_collector, folder, "import", "events", "b.db", COLLECTOR_NATS_URL=nats_url)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_backup_holds_the_tenants_events_and_is_read_back_once(votes: Facts, tmp_path: Path):
    facts = [vote(number) for number in range(5)]
    await votes.publish(*facts, vote(9, "rival"))
    async with Facts(votes.nats_url) as pages:
        await pages.publish(page := pageview("/kept"))
        await bilan(tmp_path, votes.nats_url, "backup", "--db", "./bilan.db", "--output", "b.db")
        written = (tmp_path / "b.db").read_bytes().splitlines()
        assert [CODEC.decode(line) for line in written] == [page, *facts]
        assert (tmp_path / "b.db").stat().st_mode & 0o077 == 0, "pseudonyms are nobody else's business"
        counted = await bilan(tmp_path, votes.nats_url, "stats")
        assert re.search(r"^ +5  vote_cast$", counted, re.MULTILINE)
        assert "6  events in all" in counted
        assert "2  users" in counted
        assert "6  are in the event stream already" in await restored(tmp_path, votes.nats_url)
        await pages.delete_stream()
        await votes.delete_stream()
        told = await restored(tmp_path, votes.nats_url)
        assert "6  new in the event stream" in told
        day = NOON.date().isoformat()
        assert f"/sites/chat.example?period=custom&from={day}&to={day}" in told, "and says where to look"
        stored = await votes.client.jetstream().get_msg(TURNS.name, seq=5)
        fact = CODEC.decode(stored.data or b"")
        assert (fact.id, fact.received_at, fact.batch) == (facts[4].id, facts[4].received_at, "backup")


async def test_an_id_that_several_sites_and_families_gave_is_read_back_for_each(votes: Facts, tmp_path: Path):
    one = vote(1)
    same = [one, structs.replace(one, site="app.example"), structs.replace(pageview("/kept"), id=one.id, site=one.site)]
    (tmp_path / "b.db").write_bytes(b"".join(CODEC.encode(fact) + b"\n" for fact in same))
    assert "3  new in the event stream" in await restored(tmp_path, votes.nats_url)
    assert "3  are in the event stream already" in await restored(tmp_path, votes.nats_url)


def test_each_verb_option_and_variable_has_its_row_in_the_table():
    context = click.Context(main)
    for verb in VERBS:
        assert f"`bilan {verb.name}`" in TABLE
        command = main.get_command(context, verb.name)
        assert command is not None
        assert f"bilan {verb.name}" in command.get_help(click.Context(command, info_name=verb.name, parent=context))
        for option in command.params:
            assert all(f"`{name}`" in TABLE for name in option.opts), option.opts
    assert all(f"`{name}`" in TABLE for name in VARIABLES)


def test_a_variable_of_bilans_is_read_as_ours_unless_ours_is_set(tmp_path: Path):
    secret = tmp_path / "key"
    secret.write_text("0123456789abcdef\n")
    told = {
        "BILAN_PORT": "3002",
        "BILAN_DB_PATH": "/srv/bilan/bilan.db",
        "BILAN_API_KEY_FILE": str(secret),
        "BILAN_LOG_LEVEL": "warn",
        "COLLECTOR_LOG_LEVEL": "debug",
        "BILAN_CORS_ORIGINS": "https://shop.example",
    }
    said = "".join(take_over_variables(told))
    assert (told["COLLECTOR_PORT"], told["COLLECTOR_DATA"]) == ("3002", "/srv/bilan/.collector")
    assert told["COLLECTOR_API_KEYS"] == "main:ingest+read:0123456789abcdef"
    assert told["COLLECTOR_LOG_LEVEL"] == "debug"
    assert "collector sites origins" in said
    assert "shop.example" not in said
