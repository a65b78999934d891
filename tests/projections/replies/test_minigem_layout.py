"""`collector export --layout minigem`: the event log by day of arrival, in words and as items that POST /t takes."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner

from collector.cli import main
from collector.dialects.telemetry_item import read_item
from collector.local.postgres import PostgresServer
from contracts.events import App, Place
from projections.projections import PRODUCT
from tests.conftest import run_sql
from tests.facts import NOON
from tests.facts_product import CARL, SITE, action
from tests.projections.world import Teller

LATER = NOON + timedelta(days=1)
END = action(
    "java.run.completed",
    at=NOON,
    app=App(version="1.2.3", os="darwin arm64", host="vscode", host_version="1.81.0"),
    place=Place(country="NO", region="NO-03"),
    session="5e" * 16,
    duration_ms=1500,
    exit_code=0,
    props={"scannerUsage": True},
)


async def tell(url: str) -> None:
    teller = Teller(url, PRODUCT)
    await teller.tell(END, action("late", at=NOON, received_at=LATER), action("else", site="other.example"))
    await teller.close()


def test_events_lie_by_day_of_arrival_and_can_be_sent_again(
    session_postgres: PostgresServer, empty_tables: str, tmp_path: Path
):
    asyncio.run(run_sql(session_postgres.url, f"CREATE DATABASE minigem_layout TEMPLATE {empty_tables}"))
    url = session_postgres.url_of("minigem_layout")
    asyncio.run(tell(url))
    asked = ["export", "--layout", "minigem", "--site", SITE, "--to", str(tmp_path / "out")]
    ended = CliRunner().invoke(main, asked, env={"COLLECTOR_NATS_URL": "nats://127.0.0.1:1", "COLLECTOR_DATABASE_URL": url})
    assert (ended.exit_code, ended.stderr) == (0, "Wrote 2 events and 0 users.\n"), ended.output
    said = {file.relative_to(tmp_path / "out").as_posix(): file.read_text().splitlines() for file in tmp_path.rglob("*.*l*")}
    assert said["2026-11-20.log"] == [f"2026-11-20T12:00:00 {CARL} java.run.completed darwin_arm64 1.2.3 1.81.0 1500 0 NO-03"]
    assert said["2026-11-21.log"] == [f"2026-11-20T12:00:00 {CARL} late unknown 0.0.0 0.0.0   -"]
    (line,) = map(json.loads, said["json/2026-11-20.jsonl"])
    assert (line["anon"], line["evt"], line["country"], line["region"]) == (CARL, "java.run.completed", "NO", "03")
    assert line["m"] == {"scannerUsage": True, "durationMs": 1500, "exit": 0, "sessionId": "5e" * 16}
    again = read_item(line)
    assert (again.at, again.duration_ms, again.exit_code, again.session) == (END.occurred_at, 1500, 0, "5e" * 16)
