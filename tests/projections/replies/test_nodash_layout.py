"""`collector export --layout nodash`: every event is a line and every user a file, whatever anybody is called."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collector.cli import main
from collector.local.postgres import PostgresServer
from projections.projections import PRODUCT
from tests.conftest import run_sql
from tests.facts import NOON
from tests.facts_product import SITE, action, described
from tests.projections.world import Teller

UPWARDS = "../../../x"


@pytest.fixture(scope="module")
def database_url(session_postgres: PostgresServer, empty_tables: str) -> str:
    asyncio.run(run_sql(session_postgres.url, f"CREATE DATABASE nodash_layout TEMPLATE {empty_tables}"))
    url = session_postgres.url_of("nodash_layout")

    async def tell() -> None:
        teller = Teller(url, PRODUCT)
        events = [
            action("view", at=NOON + timedelta(hours=6 * number), subject=UPWARDS, props={"n": number}) for number in range(9)
        ]
        await teller.tell(*events, described(subject=UPWARDS, plan="pro"), action("else", site="other.example"))
        await teller.close()

    asyncio.run(tell())
    return url


def export(database_url: str, folder: Path) -> Result:
    settings = {"COLLECTOR_NATS_URL": "nats://127.0.0.1:1", "COLLECTOR_DATABASE_URL": database_url}
    asked = ["export", "--layout", "nodash", "--site", SITE, "--to", str(folder)]
    return CliRunner().invoke(main, asked, env=settings)


def test_events_lie_by_day_and_users_by_a_digest(database_url: str, tmp_path: Path):
    folder = tmp_path / "deep" / "out"
    ended = export(database_url, folder)
    assert (ended.exit_code, ended.stderr) == (0, "Wrote 9 events and 1 users.\n"), ended.output
    days = {file.name: [json.loads(line) for line in file.read_text().splitlines()] for file in folder.rglob("*.jsonl")}
    expected = Counter(f"events-{NOON + timedelta(hours=6 * number):%Y-%m-%d}.jsonl" for number in range(9))
    assert {name: len(lines) for name, lines in days.items()} == expected
    assert all(file.parent.name == "11" and file.parent.parent.name == "2026" for file in folder.rglob("*.jsonl"))
    (user,) = (json.loads(file.read_text()) for file in folder.rglob("*.json"))
    assert (user["userId"], user["eventCount"], user["properties"]) == (UPWARDS, 9, {"plan": "pro"})
    everything = [path.relative_to(tmp_path) for path in tmp_path.rglob("*")]
    assert not [path for path in everything if "main" in path.name or path.name == "x"], "no path is made of a name"


def test_a_folder_that_holds_something_is_left_as_it_is(database_url: str, tmp_path: Path):
    (tmp_path / "mine").write_text("mine")
    ended = export(database_url, tmp_path)
    assert ended.exit_code == 1
    assert "not empty" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
