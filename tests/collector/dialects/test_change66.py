"""The Change66 log server's clients are answered as its README says, and its lines become facts in which nobody is."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml
from msgspec import Struct
from prometheus_client import REGISTRY

from collector.control.vault import Vault
from collector.local.master_key import settle_master_key
from contracts.pseudonym import pseudonym
from contracts.streams import EventStream
from contracts.vault import tenant_secret_entry
from tests.collector.control.telling import AT, controlled, told
from tests.collector.ingest import ADDRESS, FIREFOX, Running, dotted
from tests.projections.world import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREAM = EventStream(family="logs").name
SITE = "habits.example"
EXAMPLES = yaml.safe_load((Path(__file__).parents[2] / "examples" / "change66.yml").read_text(encoding="utf-8"))
LINE = {"event_type": "behavioral", "event_name": "habit_completed"}
ONE, BATCH = "/api/v1/ingest", "/api/v1/batch-ingest"
# What a key at its limit may send at once, which no other test comes near.
LIMITED = {"COLLECTOR_LIMIT_KEY": "60", "COLLECTOR_LIMIT_KEY_BURST": "2500"}


class Server(Struct):
    """An ingest half, keys by what they are, and the secret of their tenant."""

    collector: Running
    keys: dict[str, str]
    secret: bytes

    async def post(self, path: str, document: Any, *, key: str = "own", **headers: str) -> httpx.Response:
        shown = {"X-API-Key": self.keys[key]} if key else {}
        return await self.collector.http.post(path, json=document, headers=shown | headers)

    async def count(self) -> int:
        return await self.collector.count(STREAM)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server(nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    key_file = tmp_path_factory.mktemp("keys") / "master.key"
    mode = {"COLLECTOR_MODE": "production", "COLLECTOR_SITES": "listed.example", "COLLECTOR_MASTER_KEY_FILE": str(key_file)}
    async with controlled(nats_url, mode | LIMITED) as (collector, pen):
        await pen.write([*pen.tenant("acme"), *pen.site("acme", SITE), *pen.site("acme", "other.example")])
        asked: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
            "own": (("ingest",), {"site": SITE}),
            "busy": (("ingest",), {"site": SITE}),
            "reader": (("read",), {"site": SITE}),
            "of all sites": (("ingest",), {}),
            "expired": (("ingest",), {"site": SITE, "expires_at": AT}),
            "revoked": (("ingest",), {"site": SITE}),
        }
        keys = {"wrong": "nobody-knows-this"}
        for name, (scopes, fields) in asked.items():
            keys[name], events = pen.key("acme", *scopes, **fields)
            await pen.write(events)
        await pen.write(pen.revoke(keys["revoked"]))
        await told(collector, pen)
        await settle_master_key(collector.client, key_file, replicas=1)
        made = Server(collector, keys, b"")
        await until(lambda: is_stored(made))
        made.secret = await Vault(collector.client, key_file).get(tenant_secret_entry("acme")) or b""
        yield made


async def is_stored(server: Server) -> bool:
    return (await server.post(ONE, LINE | {"event_id": "first"})).status_code in (201, 409)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
async def test_the_example_holds(server: Server, example: dict[str, Any]):
    before = await server.count()
    answer = await send(server, example)
    assert answer.status_code == example["answer"], answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if "body" in example:
        assert numbered(answer.json()) == example["body"]
    assert answer.headers.get("X-Collector-Dropped") == example.get("dropped")
    assert await server.count() == before + ("event" in example), "a fact for what is stored, and for nothing else"
    if "event" in example:
        event, data = await server.collector.stored(STREAM)
        assert {path: dotted(event, path) for path in example["event"]} == meant(server, example["event"])
        for needle in (ADDRESS, FIREFOX, *example.get("absent", ())):
            assert needle.encode() not in data


async def send(server: Server, example: dict[str, Any]) -> httpx.Response:
    key = example.get("key", "own")
    headers = ({} if key == "none" else {"X-API-Key": server.keys[key]}) | example.get("headers", {})
    if "get" in example:
        return await server.collector.http.get(example["get"], headers=headers)
    body = json.dumps(example["send"]) if "send" in example else example["raw"]
    return await server.collector.http.post(example["post"], content=body.encode(), headers=headers)


def numbered(document: Any) -> Any:
    """Return *document*, with the number of a line as what it is."""
    if document.get("data", {}).get("id"):
        document["data"]["id"] = "NUMBER"
    return document


def meant(server: Server, said: Any) -> Any:
    """Return *said* with the pseudonyms that it speaks of."""
    if isinstance(said, dict):
        return {name: meant(server, value) for name, value in said.items()}
    if isinstance(said, str) and said.startswith("pseudonym of "):
        return pseudonym(server.secret, site=SITE, user=said.removeprefix("pseudonym of "))
    return said


async def test_the_key_is_read_in_its_three_forms_and_authorization_wins(server: Server):
    own, wrong = server.keys["own"], server.keys["wrong"]
    forms = [
        {"Authorization": f"Bearer {own}"},
        {"Authorization": own},
        {"X-API-Key": own},
        {"Authorization": f"Bearer {own}", "X-API-Key": wrong},
        {"Authorization": f"Bearer {wrong}", "X-API-Key": own},
    ]
    answers = [
        (await server.post(ONE, LINE | {"event_id": f"form {number}"}, key="", **form)).status_code
        for number, form in enumerate(forms)
    ]
    assert answers == [201, 201, 201, 201, 401]


async def test_it_is_mounted_whole_under_its_own_prefix(server: Server):
    line = LINE | {"event_id": "mounted"}
    assert (await server.post(f"/change66{ONE}", line)).status_code == 201
    answer = await server.post(f"/change66{BATCH}", {"logs": [line]})
    assert answer.json()["data"] == {"logs_processed": 0, "total_received": 1, "already_known": 1}
    assert answer.headers["X-Request-ID"].startswith("req_")


async def test_every_answer_carries_security_headers_and_the_id_of_its_request(server: Server):
    asked = ((ONE, 201, LINE | {"event_id": "carried"}), (ONE, 400, {}), ("/change66/nothing", 404, {}))
    for path, status, document in asked:
        answer = await server.post(path, document, **{"X-Request-ID": "app-7"})
        assert answer.status_code == status
        assert answer.headers["X-Request-ID"] == "app-7"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-XSS-Protection"] == "1; mode=block"
        assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


@pytest.mark.parametrize("said", ["jane@example.org", "a b", "x" * 65, '"><script>'])
async def test_an_id_that_could_be_more_than_a_name_is_not_given_back(server: Server, said: str):
    answer = await server.post(ONE, {}, **{"X-Request-ID": said})
    assert re.fullmatch(r"req_\d{19}", answer.headers["X-Request-ID"])


@pytest.mark.parametrize(("field", "name", "most"), [("event_id", "EventID", 255), ("event_name", "EventName", 100)])
async def test_a_text_that_is_too_long_is_told_by_its_name(server: Server, field: str, name: str, most: int):
    answer = await server.post(ONE, {"event_id": "long", **LINE, field: "x" * (most + 1)})
    assert answer.status_code == 400
    assert answer.json()["details"] == [{"field": name, "message": f"Must be at most {most} characters"}]


async def test_an_object_of_ten_thousand_keys_is_refused_and_one_of_a_hundred_kept(server: Server):
    answer = await server.post(ONE, LINE | {"event_id": "wide", "properties": {f"k{number}": 1 for number in range(10_000)}})
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "Properties")
    kept = {f"k{number}": 1 for number in range(100)}
    assert (await server.post(ONE, LINE | {"event_id": "wide", "properties": kept})).status_code == 201
    event, _ = await server.collector.stored(STREAM)
    assert dotted(event, "props") == kept


async def test_the_longest_line_is_cut_and_fits(server: Server):
    long = {f"k{number}": '"' * 5000 for number in range(100)}
    answer = await server.post(BATCH, {"logs": [LINE | {"event_id": "vast", "properties": long, "device_info": long}]})
    assert answer.status_code == 201, answer.text


async def test_a_batch_of_a_thousand_is_taken_and_one_more_is_not(server: Server):
    lines = [LINE | {"event_id": f"many {number}"} for number in range(1001)]
    before = await server.count()
    refused = await server.post(BATCH, {"logs": lines})
    assert (refused.status_code, refused.json()["error"]) == (400, "batch_too_large")
    assert refused.json()["message"] == "Batch size cannot exceed 1000 logs"
    taken = await server.post(BATCH, {"logs": lines[:1000]})
    assert taken.json()["data"] == {"logs_processed": 1000, "total_received": 1000}
    again = await server.post(BATCH, {"logs": lines[:1000]})
    assert again.json()["data"] == {"logs_processed": 0, "total_received": 1000, "already_known": 1000}
    assert await server.count() == before + 1000


async def test_a_body_of_ten_megabytes_is_the_most(server: Server):
    answer = await server.collector.http.post(
        ONE, content=b" " * (10 * 1024 * 1024 + 1), headers={"X-API-Key": server.keys["own"]}
    )
    assert answer.status_code == 413
    assert answer.json() == {"error": "request_too_large", "message": "Request body too large. Maximum size is 10 MB"}


async def test_who_sends_too_much_is_told_when_to_come_back_and_nobody_else_is(server: Server):
    lines = [LINE | {"event_id": f"busy {number}"} for number in range(900)]
    answers = [await server.post(BATCH, {"logs": lines}, key="busy") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    last = answers[-1]
    assert last.json() == {"error": "rate_limit_exceeded", "message": "Too many requests. Please slow down."}
    assert int(last.headers["Retry-After"]) > 0
    assert (await server.post(ONE, LINE | {"event_id": "not busy"})).status_code == 201


async def test_a_page_may_ask_first(server: Server):
    answer = await server.collector.http.options(ONE, headers={"Origin": "https://app.example"})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"x-api-key", "authorization", "content-type"} <= set(
        answer.headers["Access-Control-Allow-Headers"].replace(" ", "").split(",")
    )


async def test_lines_are_counted_by_type_and_faults_by_field(server: Server):
    names = {
        "logs_ingested_total": {"event_type": "observability", "priority": "high"},
        "validation_errors_total": {"field": "EventName", "error_type": "validation"},
        "batch_size_count": {"endpoint": "batch"},
    }
    before = {name: REGISTRY.get_sample_value(name, labels) or 0 for name, labels in names.items()}
    line = {"event_type": "observability", "event_name": "x", "priority": "high", "event_id": "counted"}
    for document in ([line], [line, line | {"event_name": ""}], [line]):  # stored, malformed, known
        await server.post(BATCH, {"logs": document})
    after = {name: (REGISTRY.get_sample_value(name, labels) or 0) - before[name] for name, labels in names.items()}
    assert after == {"logs_ingested_total": 1, "validation_errors_total": 1, "batch_size_count": 2}


async def test_while_the_stream_is_away_nothing_is_called_stored(server: Server):
    server.collector.ingest.care.doubt()
    answers = [
        await server.post(ONE, LINE | {"event_id": "away"}),
        await server.post(BATCH, {"logs": [LINE | {"event_id": "away"}]}),
    ]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert [answer.json() for answer in answers] == [
        {"error": "database_error", "message": "Failed to store log"},
        {"error": "database_error", "message": "Failed to store logs"},
    ]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
