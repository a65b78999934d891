"""What stands around an app: counting, and the operator's addresses."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from collector.asgi import Receive, Scope, Send, answer
from collector.readiness import Note
from collector.serving.about import About
from collector.serving.health import Operations
from collector.serving.measure import Measured
from collector.serving.table import AddressTable, Owner
from tests.collector.serving.applications import ask, counted, echo, fine

TOKEN = "a-token-of-the-test"
FAILING = {"nats": "is not connected", "salt": "ok"}


async def test_every_answer_is_counted_by_its_template_method_and_status():
    async def app(scope: Scope, _: Receive, send: Send) -> None:
        if scope["path"] == "/raises":
            raise RuntimeError
        await answer(send, 404 if scope["path"] == "/nowhere" else 200, b"", [])

    table = AddressTable({Owner.QUERY: [("GET", "/raises"), ("GET", "/api/stats/{site}/overview"), ("GET", "/js")]})
    measured = Measured(app, table)
    before = counted("collector_http_requests_total", route="other", method="GET", status="404")
    await ask(measured, "/nowhere")
    await ask(measured, "/api/stats/shop.example/overview")
    await ask(measured, "/js", "BREW")
    with pytest.raises(RuntimeError):
        await ask(measured, "/raises")
    assert counted("collector_http_requests_total", route="other", method="GET", status="404") == before + 1
    assert counted("collector_http_requests_total", route="/api/stats/{site}/overview", method="GET", status="200") == 1
    assert counted("collector_http_requests_total", route="/js", method="other", status="200") == 1
    assert counted("collector_http_requests_total", route="/raises", method="GET", status="500") == 1
    assert counted("collector_http_requests_in_progress") == 0


async def failing() -> dict[str, str]:
    return {"nats": "is not connected", "salt": ""}


async def hanging() -> dict[str, str]:
    await asyncio.Event().wait()
    return {}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/readyz", "/health", "/healthz"])
async def test_readiness_says_which_check_fails_and_liveness_depends_on_nothing(path, method):
    good = Operations(echo, role="test", checks=fine, access_token=None, is_loopback=True)
    bad = Operations(echo, role="test", checks=failing, access_token=None, is_loopback=True)
    ready, unready = await ask(good, path, method), await ask(bad, path, method)
    assert (ready.status_code, unready.status_code) == (200, 503)
    assert {ready.headers["cache-control"], unready.headers["cache-control"]} == {"no-store"}
    assert {(await ask(bad, path, method)).status_code for path in ("/livez", "/liveness")} == {200}
    if method == "GET":
        assert unready.json() == {"status": "unavailable", "checks": FAILING}


@pytest.mark.parametrize("path", ["/readyz", "/health", "/healthz"])
@pytest.mark.parametrize(
    ("peer", "headers", "told"),
    [
        ("127.0.0.1", {}, FAILING),
        ("::1", {}, FAILING),
        ("172.18.0.5", {}, FAILING),
        ("172.18.0.5", {"x-forwarded-for": "198.51.100.77"}, {}),
        ("8.8.4.4", {}, {}),
        ("2a00:1450:4001::1", {"authorization": "Bearer wrong"}, {}),
        ("8.8.4.4", {"authorization": f"Bearer {TOKEN}"}, FAILING),
        ("172.18.0.5", {"x-forwarded-for": "198.51.100.77", "authorization": f"Bearer {TOKEN}"}, FAILING),
    ],
)
async def test_the_world_reads_whether_we_are_ready_and_not_why(path: str, peer: str, headers: dict[str, str], told: object):
    app = Operations(echo, role="test", checks=failing, access_token=TOKEN, is_loopback=False)
    said = await ask(app, path, peer=peer, **headers)
    assert (said.status_code, said.json().pop("status")) == (503, "unavailable")
    assert said.json().get("checks", {}) == told


@pytest.mark.parametrize("path", ["/v1/health", "/nodash/health", "/nodash/v1/health"])
async def test_nodashs_clients_are_told_in_its_form(path):
    for checks, status, word in ((fine, 200, "healthy"), (failing, 503, "unhealthy")):
        answer_ = await ask(Operations(echo, role="test", checks=checks, access_token=None, is_loopback=True), path)
        said = answer_.json()
        assert (answer_.status_code, said["status"], said["dependencies"]["eventStore"]) == (status, word, word)
        assert {"version", "uptime", "timestamp"} <= said.keys()
        assert said["checks"][0] == {"name": "eventStore", "status": "pass" if status == 200 else "fail"}, "as its SDK has it"


def about(**more) -> About:
    return About(tenant="acme", clock=lambda: datetime(2026, 11, 18, 15, 30, tzinfo=UTC), **more)


async def test_health_tells_clients_of_other_systems_what_they_look_for():
    good = Operations(echo, role="test", checks=fine, access_token=None, is_loopback=True, about=about())
    bad = Operations(echo, role="test", checks=failing, access_token=None, is_loopback=True, about=about())
    told, ill = (await ask(good, "/health")).json(), await ask(bad, "/health")
    assert (told["status"], told["ok"], told["checks"]) == ("ok", True, {"nats": "ok"})
    assert (told["timestamp"], told["service"], told["flowType"]) == ("2026-11-18T15:30:00.000Z", "analytics", "visitor.v0")
    assert told["environment"] == {"tenant": "acme", "dataCore": "flow-analytics"}
    assert told["saltRotation"] == {"nextRotationAt": "2026-11-19T00:00:00.000Z", "secondsUntilRotation": 8.5 * 3600}
    assert told["uptime"] >= 0
    assert told["version"]
    assert (told["pathwaysConfigured"], told["eventTypes"]) == (True, ["visitor.tracked.v0"])
    assert (ill.status_code, ill.json()["ok"]) == (503, False)
    assert set((await ask(good, "/readyz")).json()) == {"status", "checks"}


async def test_metrics_are_json_under_bilan_and_for_those_who_ask_for_it():
    async def numbers():
        return {"size": "2.5MB", "events": 7}

    told = about(requests=lambda: 12, numbers=numbers)
    app = Operations(echo, role="test", checks=fine, access_token=None, is_loopback=True, about=told)
    under, asked = await ask(app, "/bilan/metrics"), await ask(app, "/metrics", accept="application/json")
    assert under.json() == asked.json() == {"uptime": 0, "requests": 12, "database": {"size": "2.5MB", "events": 7}}
    for accept in ("*/*", "text/plain;version=0.0.4", "application/openmetrics-text"):
        assert "collector_build_info" in (await ask(app, "/metrics", accept=accept)).text
    assert (await ask(app, "/bilan/metrics", host="elsewhere.example")).status_code == 401
    assert "collector_build_info" in (await ask(app, "/change66/metrics")).text


async def noting() -> dict[str, str]:
    return {"nats": "", "control": Note("cannot read one event")}


async def test_what_has_to_be_mended_while_work_goes_on_is_shown_and_is_no_reason_to_send_none():
    answer = await ask(Operations(echo, role="test", checks=noting, access_token=None, is_loopback=True), "/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json()["checks"] == {"nats": "ok", "control": "cannot read one event"}


async def test_a_check_that_hangs_is_a_check_that_fails(monkeypatch):
    monkeypatch.setattr("collector.serving.health._CHECK_SECONDS", 0.1)
    stuck = Operations(echo, role="test", checks=hanging, access_token=None, is_loopback=True)
    assert (await ask(stuck, "/readyz")).status_code == 503


async def test_health_takes_no_other_method_and_leaves_other_paths_alone():
    app = Operations(echo, role="test", checks=fine, access_token=None, is_loopback=True)
    assert (await ask(app, "/readyz", "POST")).status_code == 405
    assert (await ask(app, "/readyz/x")).text == "/readyz/x"
    # Under a mount whoever has the system's words refuses it.
    assert (await ask(app, "/nodash/health", "POST")).text == "/nodash/health"
    assert (await ask(app, "/nodash/health/")).json()["status"] == "healthy"


@pytest.mark.parametrize(
    ("access_token", "is_loopback", "headers", "status"),
    [
        (None, True, {}, 200),
        (None, False, {}, 401),
        (None, True, {"host": "elsewhere.example"}, 401),
        (TOKEN, True, {}, 200),
        (TOKEN, False, {}, 401),
        (TOKEN, False, {"authorization": "Bearer wrong"}, 401),
        (TOKEN, False, {"authorization": f"Bearer {TOKEN}"}, 200),
        (TOKEN, True, {"x-forwarded-for": "198.51.100.77"}, 401),
        (TOKEN, True, {"x-forwarded-for": "198.51.100.77", "authorization": f"Bearer {TOKEN}"}, 200),
        (None, True, {"x-forwarded-for": "198.51.100.77"}, 401),
    ],
)
async def test_metrics_are_open_to_this_machine_and_to_the_token(access_token, is_loopback, headers, status):
    app = Operations(echo, role="test", checks=fine, access_token=access_token, is_loopback=is_loopback)
    said = await ask(app, "/metrics", **headers)
    assert said.status_code == status
    assert ("collector_build_info" in said.text) is (status == 200)
    assert json.loads(said.text)["code"] == "unauthorized" if status == 401 else True
