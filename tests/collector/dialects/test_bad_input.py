"""What nobody means well by is answered by each system in its own shape, and nothing of it is stored."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from msgspec import Struct

from contracts.mounts import Mount
from tests.collector.dialects.bound import TENANT, Door, open_bound

pytestmark = pytest.mark.asyncio(loop_scope="module")

Document = Mapping[str, Any]


class System(Struct, frozen=True):
    """Where a system takes an event, how it is said with these properties, and which members each refusal of it has."""

    path: str
    event: Callable[[Document], Document]
    refusal: frozenset[str]


SYSTEMS = {
    Mount.BILAN: System(
        "/bilan/api/events",
        lambda props: {"eventId": "bad", "eventType": "vote_cast", "userId": "u1", "properties": props},
        frozenset({"error", "message"}),
    ),
    Mount.NODASH: System(
        "/nodash/v1/track",
        lambda props: {"event": "bad", "userId": "u1", "properties": props},
        frozenset({"error", "message", "statusCode", "timestamp"}),
    ),
    Mount.MINIGEM: System(
        "/minigem/t",
        lambda props: {"schema": "jwc.v1", "anon": "u1", "evt": "bad", "t": 1640995200000, "m": props},
        frozenset({"error", "message", "statusCode"}),
    ),
    Mount.FLOWCORE: System(
        "/flowcore/api/pageview",
        lambda props: {"pathname": "/bad", "referrer": "", "eventName": "bad", "customProperties": props},
        frozenset({"error"}),
    ),
    Mount.CHANGE66: System(
        "/change66/api/v1/ingest",
        lambda props: {"event_id": "bad", "event_type": "error", "event_name": "bad", "properties": props},
        frozenset({"error", "message"}),
    ),
}
BAD: dict[str, Document] = {
    "a prototype": {"__proto__": {"isAdmin": True}},
    "a prototype within": {"cart": {"__proto__": {"isAdmin": True}}},
    "a constructor's prototype": {"constructor": {"prototype": {"isAdmin": True}}},
    "ten thousand keys": {f"k{number}": 1 for number in range(10_000)},
    "NUL": {"note": "a\0b"},
}
# Two systems judge events one by one, and count those that are none.
COUNTED = {
    Mount.BILAN: {
        "success": True,
        "message": "Processed 0 events",
        "stats": {"processed": 0, "skipped": 0, "errors": 1, "total": 1},
    },
    Mount.MINIGEM: {"ok": True, "accepted": 0, "skipped": 1},
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door(nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_bound(nats_url, tmp_path_factory.mktemp("keys")) as opened:
        yield opened


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("mount", SYSTEMS)
async def test_what_nobody_means_well_by_is_refused_and_not_stored(door: Door, mount: Mount, bad: str):
    system, before = SYSTEMS[mount], await door.count()
    answer = await door.post(system.path, system.event(BAD[bad]))
    assert await door.count() == before, answer.text
    if answer.status_code == 200:
        assert answer.json() == COUNTED[mount]
    else:
        assert answer.status_code in (400, 413), answer.text
        assert system.refusal <= set(answer.json())
    assert "isAdmin" not in answer.text


@pytest.mark.parametrize("mount", SYSTEMS)
async def test_what_is_no_json_by_its_type_is_refused_and_not_stored(door: Door, mount: Mount):
    system, before = SYSTEMS[mount], await door.count()
    sent = door.headers | {"Content-Type": "application/xml"}
    answer = await door.http.post(system.path, content=b"<event/>", headers=sent)
    assert answer.status_code in (400, 415), answer.text
    assert system.refusal <= set(answer.json())
    assert await door.count() == before


@pytest.mark.parametrize("mount", sorted(set(SYSTEMS) - {Mount.MINIGEM}))
async def test_a_path_as_a_tenant_leads_nowhere(door: Door, mount: Mount):
    system, before = SYSTEMS[mount], await door.count()
    sent = door.headers | {"X-Tenant-Id": "../../../x"}
    answer = await door.http.post(system.path, json=system.event({"plan": "pro"}), headers=sent)
    assert answer.status_code == 403, answer.text
    assert system.refusal - {"message"} <= set(answer.json())
    assert await door.count() == before


async def test_where_nobody_shows_a_key_no_tenant_that_is_named_counts(door: Door):
    system = SYSTEMS[Mount.MINIGEM]
    await door.http.post(system.path, json=system.event({"plan": "pro"}), headers={"X-Tenant-Id": "../../../x"})
    assert {msgspec.json.decode(fact)["tenant"] async for fact in door.stored()} == {TENANT}


@pytest.mark.parametrize("mount", sorted(set(SYSTEMS) - {Mount.FLOWCORE}))  # whose bodies are read as native ones are
async def test_a_text_that_was_cut_within_an_emoji_costs_no_event(door: Door, mount: Mount):
    system, props = SYSTEMS[mount], {"half": "cut \ud83d", "whole": "\U0001f600", "spelled": "\\ud83d", "mount": mount}
    body = json.dumps(system.event(props)).replace('"bad"', '"half"')
    answer = await door.http.post(system.path, content=body, headers=door.headers | {"Content-Type": "application/json"})
    assert answer.status_code < 300, answer.text
    stored = [msgspec.json.decode(fact)["props"] async for fact in door.stored()]
    (kept,) = [each for each in stored if each.get("mount") == mount]
    assert [kept[name] for name in ("whole", "spelled")] == [props["whole"], props["spelled"]]


@pytest.mark.parametrize("depth", [100, 500, 990, 1500, 6000])
@pytest.mark.parametrize("mount", SYSTEMS)
async def test_no_depth_is_too_deep_to_be_answered(door: Door, mount: Mount, depth: int):
    system = SYSTEMS[mount]
    for inner in ('{"a":' * depth + "1" + "}" * depth, "[" * depth + "]" * depth):
        body = json.dumps(system.event({"x": "__proto__", "deep": "DEEP"})).replace('"DEEP"', inner)
        answer = await door.http.post(system.path, content=body, headers=door.headers | {"Content-Type": "application/json"})
        assert answer.status_code < 500, answer.text
