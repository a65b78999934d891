"""The Change66 log server's read endpoints agree with a hand count of what was told, in its own words, for who may ask."""

import secrets
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from httpx import Response

from collector.control.tenant_secrets import TenantSecrets
from collector.control.vault import Vault
from collector.local.master_key import settle_master_key
from collector.local.postgres import PostgresServer
from collector.stream import connection as broker
from contracts.control.keys import Scope
from contracts.events import LogKind, LogRecorded, Priority
from contracts.events.logs import number_of
from projections.projections import LOGS
from projections.vault import VaultReader
from tests.conftest import run_sql
from tests.projections.control.deciding import decided, issued, new_key, revoked, site, tenant
from tests.projections.log_lines import SITE, line
from tests.projections.query.world import NOW, NOWHERE, World, open_world
from tests.projections.world import Teller

pytestmark = pytest.mark.asyncio(loop_scope="module")

RECENT, FILTER = "/api/v1/logs/recent", "/api/v1/logs/filter"
METRICS, STATUS = "/api/v1/metrics", "/api/v1/status"


def told(subject: str, session: str) -> list[LogRecorded]:
    """Return lines of the last three days, the newest last."""
    ago = [timedelta(minutes=minutes) for minutes in (4000, 1500, 1380, 200, 61, 59, 31, 29, 10, 1)]
    kinds = [kind for kind in LogKind if kind is not LogKind.OTHER]
    return [
        line(
            f"event {number % 3}",
            at=NOW - before,
            kind=kinds[number % 5],
            priority=Priority.HIGH if number % 4 == 0 else Priority.NORMAL,
            subject=subject if number % 2 else "",
            session=session if number in (6, 7, 9) else f"{number:032}",
            app_version="2.0.0+6" if number > 4 else "1.5.2",
            provider="nfc_notifier" if number in (2, 8) else "",
            props={"metric_name": "startup", "value": 2.5, "tags.provider": "nfc_notifier", "list.0": "a", "list.1": "b"}
            if number in (2, 8)
            else {},
            device={"platform": "ios"},
            sequence=number,
            key=f"line {number}" if number != 3 else "",
            tenant="acme",
        )
        for number, before in enumerate(ago)
    ]


class Asking:
    """An application in front of lines, and keys to ask with."""

    def __init__(self, world: World, lines: list[LogRecorded], keys: dict[str, str], subject: str) -> None:
        self.world, self.lines, self.keys, self.subject = world, lines, keys, subject

    async def get(self, path: str, *, key: str = "own", **parameters: Any) -> Response:
        headers = {"X-API-Key": self.keys[key]} if key else {}
        return await self.world.client.get(path, params=parameters or None, headers=headers)

    async def found(self, **parameters: Any) -> list[int]:
        """Return which lines are found, by their places."""
        answer = await self.get(FILTER, **parameters)
        assert answer.status_code == 200, answer.text
        return [row["sequence_number"] for row in answer.json()["data"]["logs"] or ()]

    def expected(self, fits: Callable[[LogRecorded], bool]) -> list[int]:
        return [one.sequence or 0 for one in reversed(self.lines) if fits(one)]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def asking(
    session_postgres: PostgresServer, empty_tables: str, nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Asking]:
    database, key_file = f"test_{secrets.token_hex(6)}", Path(tmp_path_factory.mktemp("keys")) / "master.key"
    await run_sql(session_postgres.url, f"CREATE DATABASE {database} TEMPLATE {empty_tables}")
    url, client = session_postgres.url_of(database), await broker.connect(nats_url, on_loss=lambda: None)
    await Vault(client, key_file).empty()
    await settle_master_key(client, key_file, replicas=1)
    secret = await TenantSecrets(Vault(client, key_file)).of("acme")
    subject, session = (secret.pseudonym_of(raw, site=SITE) for raw in ("user-123", "session-456"))
    keys = {"own": new_key("own"), "rival": new_key("rival"), "all": new_key("all"), "sender": new_key("sender")}
    keys |= {name: new_key(name) for name in ("wrong", "expired", "revoked")}
    async with open_world(url, vault=VaultReader(nats_url, key_file), access_token="t" * 32, listed_sites=[]) as world:
        await decided(url, tenant("acme"), tenant("rival"), site(SITE, of_tenant="acme"), site("x.example", of_tenant="rival"))
        own, rival = {"of_tenant": "acme"}, {"of_tenant": "rival"}
        await decided(url, issued("own", keys["own"], site=SITE, **own), issued("all", keys["all"], **own))
        await decided(url, issued("rival", keys["rival"], **rival), issued("sender", keys["sender"], Scope.INGEST, **own))
        gone = issued("revoked", keys["revoked"], **own, expires_at=NOW)
        await decided(url, issued("expired", keys["expired"], **own, expires_at=NOW), gone, revoked(gone))
        teller, lines = Teller(url, LOGS), told(subject, session)
        await teller.tell(*lines, line(tenant="rival", site="x.example", at=NOW))
        await teller.close()
        yield Asking(world, lines, keys, subject)
    await Vault(client, key_file).empty()
    await broker.disconnect(client)
    await run_sql(session_postgres.url, f"DROP DATABASE {database} WITH (FORCE)")


async def test_the_newest_lines_come_first_in_the_systems_own_form(asking: Asking):
    answer = (await asking.get(RECENT, limit=2)).json()
    assert (answer["success"], answer["message"]) == (True, "Retrieved 2 recent logs")
    newest = asking.lines[9]
    assert answer["data"][0] == {
        "id": number_of(newest.id),
        "event_id": "line 9",
        "timestamp": "2026-11-18T15:28:59Z",
        "event_type": "performance",
        "event_name": "event 0",
        "properties": {},
        "user_id": asking.subject,
        "session_id": newest.session,
        "app_version": "2.0.0+6",
        "device_info": {"platform": "ios"},
        "sequence_number": 9,
        "priority": "normal",
        "created_at": "2026-11-18T15:29:00Z",
        "processed_at": None,
    }
    nested = answer["data"][1]
    assert nested["properties"] == {
        "metric_name": "startup",
        "value": 2.5,
        "tags": {"provider": "nfc_notifier"},
        "list": ["a", "b"],
    }
    assert nested["user_id"] is None
    assert list(answer) == ["success", "message", "data"]


@pytest.mark.parametrize(("limit", "many"), [("3", 3), ("0", 10), ("1001", 10), ("", 10)])
async def test_a_limit_is_read_as_the_log_server_read_it(asking: Asking, limit: str, many: int):
    assert len((await asking.get(RECENT, limit=limit)).json()["data"]) == many


@pytest.mark.parametrize(("path", "field"), [(RECENT, "limit"), (FILTER, "page"), (FILTER, "page_size")])
@pytest.mark.parametrize("text", ["-1", "1e3", "5x", "many", "+5", "\u0665", "9" * 30])
async def test_a_number_that_is_none_is_refused_and_not_guessed(asking: Asking, path: str, field: str, text: str):
    answer = await asking.get(path, **{field: text})
    assert (answer.status_code, answer.json()["error"]) == (400, f"invalid_{field}")
    assert answer.json()["message"].startswith(f"{field} must be a whole number from 1 to ")


@pytest.mark.parametrize(
    ("parameters", "fits"),
    [
        ({}, lambda _: True),
        ({"event_type": "error"}, lambda one: one.kind is LogKind.ERROR),
        ({"event_name": "event 1"}, lambda one: one.name == "event 1"),
        ({"user_id": "user-123"}, lambda one: one.subject != ""),
        ({"user_id": "nobody"}, lambda _: False),
        ({"session_id": "session-456"}, lambda one: one.sequence in (6, 7, 9)),
        ({"app_version": "2.0.0+6"}, lambda one: one.app_version == "2.0.0+6"),
        ({"priority": "high"}, lambda one: one.priority is Priority.HIGH),
        ({"provider_name": "nfc_notifier"}, lambda one: one.provider == "nfc_notifier"),
        ({"start_time": "2026-11-18T15:00:00Z"}, lambda one: one.sequence >= 7),
        ({"end_time": "2026-11-18T15:59:00+01:00"}, lambda one: one.sequence <= 6),
        ({"start_time": "2026-11-18T14:29:00.5Z", "end_time": "2026-11-18T15:01:00Z"}, lambda one: one.sequence in (5, 6, 7)),
        ({"event_type": "behavioral", "user_id": "user-123", "priority": "normal"}, lambda one: one.sequence == 5),
        ({"limit": "1", "surprise": "x"}, lambda _: True),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
async def test_every_filter_agrees_with_a_hand_count(asking: Asking, parameters: dict[str, str], fits: Any):
    assert await asking.found(**parameters) == asking.expected(fits)
    total = (await asking.get(FILTER, **parameters, page_size="1")).json()["data"]["total_count"]
    assert total == len(asking.expected(fits))


async def test_a_plus_in_a_version_needs_no_encoding(asking: Asking):
    answer = await asking.get(f"{FILTER}?app_version=2.0.0+6")
    assert answer.json()["data"]["total_count"] == 5


async def test_pages_cut_what_is_found(asking: Asking):
    answer = (await asking.get(FILTER, page="4", page_size="3")).json()
    assert answer["message"] == "Retrieved 1 filtered logs (page 4 of 4)"
    assert {name: answer["data"][name] for name in ("total_count", "page", "page_size", "total_pages")} == {
        "total_count": 10,
        "page": 4,
        "page_size": 3,
        "total_pages": 4,
    }
    beyond = (await asking.get(FILTER, page="9", page_size="3")).json()
    assert (beyond["message"], beyond["data"]["logs"]) == ("Retrieved 0 filtered logs (page 9 of 4)", None)
    data = (await asking.get(FILTER, page="0", page_size="0")).json()["data"]
    assert (data["page"], data["page_size"], len(data["logs"])) == (1, 50, 10)


@pytest.mark.parametrize(
    ("sort_by", "value"),
    [
        ("timestamp", lambda one: one.occurred_at),
        ("event_type", lambda one: one.kind),
        ("event_name", lambda one: one.name),
        ("app_version", lambda one: one.app_version),
        ("priority", lambda one: one.priority),
        ("session_id", lambda one: one.session),
        ("user_id", lambda one: one.subject),
        ("id", lambda one: one.received_at),
        ("created_at", lambda one: one.received_at),
        ("nonsense", lambda one: one.received_at),
    ],
)
async def test_what_is_found_is_sorted_either_way(asking: Asking, sort_by: str, value: Any):
    up = [one.sequence for one in sorted(asking.lines, key=lambda one: (value(one), one.received_at))]
    assert await asking.found(sort_by=sort_by, sort_order="ASC") == up
    assert await asking.found(sort_by=sort_by, sort_order="desc") == up[::-1]


@pytest.mark.parametrize(
    "filters", [{}, {"app_version": "2.0.0+6"}, {"user_id": "user-123", "event_type": "telemetry"}], ids=str
)
@pytest.mark.parametrize("few", [0, 100_000])
async def test_the_pages_make_up_the_whole_from_whichever_end_they_are_found(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, filters: dict[str, str], few: int
):
    monkeypatch.setattr("projections.query.logs.search.FEW", few)  # whether a walk along an index finds them, or a look at each
    for asked in ({"sort_by": by, "sort_order": order} for by in ("event_id", "priority", "id") for order in ("asc", "desc")):
        whole = await asking.found(**filters, **asked)
        pages = [await asking.found(page=str(number), page_size="3", **filters, **asked) for number in range(1, 6)]
        assert [number for page in pages for number in page] == whole


async def test_an_id_sorts_by_what_is_shown(asking: Asking):
    rows = (await asking.get(FILTER, sort_by="event_id", sort_order="asc")).json()["data"]["logs"]
    assert [row["event_id"] for row in rows] == sorted(one.key or one.id for one in asking.lines)


@pytest.mark.parametrize(
    ("parameter", "value", "error", "message"),
    [
        *(
            (
                f"{which}_time",
                wrong,
                f"invalid_{which}_time",
                f"{which}_time must be in RFC3339 format (e.g., 2023-01-01T00:00:00Z)",
            )
            for which in ("start", "end")
            for wrong in ("invalid-time", "2026-11-18", "2026-11-18T15:00:00", "2026-13-18T15:00:00Z", "1763478000")
        ),
        (
            "event_type",
            "gossip",
            "invalid_event_type",
            "event_type must be one of: behavioral, telemetry, observability, error, performance",
        ),
        ("priority", "urgent", "invalid_priority", "priority must be either 'normal' or 'high'"),
        ("event_name", "a\0b", "invalid_query", "The query must not hold the character NUL"),
    ],
)
async def test_what_cannot_be_read_is_told_in_the_systems_words(
    asking: Asking, parameter: str, value: str, error: str, message: str
):
    answer = await asking.get(FILTER, **{parameter: value})
    assert (answer.status_code, answer.json()) == (400, {"error": error, "message": message})


async def test_the_metrics_agree_with_a_hand_count(asking: Asking):
    answer = (await asking.get(METRICS)).json()
    assert answer["message"] == "Metrics retrieved successfully"
    assert answer["data"] == {
        "total_logs": 10,
        "logs_last_hour": 5,
        "logs_last_day": 8,
        "average_latency_ms": 0,
        "error_rate_percent": 0,
        "active_sessions": 2,
        "top_event_types": [
            {"event_type": "error", "count": 2},
            {"event_type": "observability", "count": 2},
            {"event_type": "performance", "count": 2},
            {"event_type": "behavioral", "count": 1},
            {"event_type": "telemetry", "count": 1},
        ],
    }


async def test_the_status_says_what_there_is_and_since_when(asking: Asking):
    answer = (await asking.get(STATUS)).json()
    assert (answer["message"], answer["data"]["database"]) == (
        "Status retrieved successfully",
        {"status": "healthy", "total_logs": 10},
    )
    service = answer["data"]["service"]
    assert (service["name"], service["started_at"], service["uptime"]) == ("log-ingestion-server", "2026-11-18T15:30:00Z", "0s")
    assert answer["data"]["metrics"]["total_logs"] == 10


async def test_a_tenant_sees_its_own_lines_alone(asking: Asking):
    assert (await asking.get(STATUS, key="rival")).json()["data"]["database"]["total_logs"] == 1
    assert (await asking.get(FILTER, key="rival", user_id="user-123")).json()["data"]["logs"] is None
    assert (await asking.get(STATUS, key="all")).json()["data"]["database"]["total_logs"] == 10


@pytest.mark.parametrize("path", [RECENT, FILTER, METRICS, STATUS])
async def test_who_may_not_read_is_told_so_in_the_systems_words(asking: Asking, path: str):
    without, sender = [await asking.get(path, key=key) for key in ("", "sender")]
    assert (without.status_code, without.json()) == (401, {"error": "unauthorized", "message": "API key is required"})
    for key, message in (
        ("wrong", "Invalid or inactive API key"),
        ("revoked", "Invalid or inactive API key"),
        ("expired", "API key has expired"),
    ):
        answer = await asking.get(path, key=key)
        assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized", "message": message})
    assert (sender.status_code, sender.json()["error"]) == (403, "forbidden")


@pytest.mark.parametrize("path", [RECENT, FILTER, METRICS, STATUS])
async def test_it_is_mounted_whole_under_its_own_prefix(asking: Asking, path: str):
    assert (await asking.get(f"/change66{path}")).json() == (await asking.get(path)).json()


async def test_an_answer_carries_the_id_of_its_request_and_security_headers(asking: Asking):
    answer = await asking.world.client.get(STATUS, headers={"X-API-Key": asking.keys["own"], "X-Request-ID": "app-7"})
    assert answer.headers["X-Request-ID"] == "app-7"
    assert (answer.headers["X-XSS-Protection"], answer.headers["X-Frame-Options"]) == ("1; mode=block", "DENY")
    assert (await asking.get(STATUS)).headers["X-Request-ID"].startswith("req_")


async def test_health_is_told_under_the_prefix(asking: Asking):
    health, ready, alive = [await asking.get(f"/change66/{path}", key="") for path in ("health", "readiness", "liveness")]
    assert [answer.status_code for answer in (health, ready, alive)] == [200, 200, 200]
    assert {name: health.json()[name] for name in ("status", "services")} == {
        "status": "healthy",
        "services": {"database": "healthy", "database_queries": "healthy"},
    }
    assert ready.json() == {"message": "Service is ready", "ready": True}
    assert (alive.json()["alive"], alive.json()["uptime"]) == (True, "0s")


async def test_without_a_database_it_says_so_and_lives():
    async with open_world(NOWHERE) as world:
        health, ready, alive = [await world.get(f"/change66/{path}") for path in ("health", "readiness", "liveness")]
        found = await world.get(FILTER)
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    assert (ready.status_code, ready.json()) == (503, {"message": "Database not ready", "ready": False})
    assert alive.status_code == 200
    assert (found.status_code, found.json()) == (
        503,
        {"error": "database_error", "message": "Failed to retrieve filtered logs"},
    )
    assert int(found.headers["Retry-After"]) > 0
