"""Every wire example in tests/examples: a request, its answer, and the fact it becomes or the reason it does not."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml

from collector.addresses import Addresses
from collector.dialects import DIALECTS, addresses_of
from collector.outcomes import DropReason
from contracts.control import sites
from tests.collector.control.telling import controlled, told
from tests.collector.ingest import ADDRESS, FIREFOX, Running, dotted

# A system that answers in a form of its own has a runner of its own, tests/collector/dialects/test_<dialect>.py.
OF_THEIR_OWN = {"bilan", "change66", "minigem", "nodash"}
FILES = sorted(file for file in (Path(__file__).parent.parent / "examples").glob("*.yml") if file.stem not in OF_THEIR_OWN)
EXAMPLES = [(file.stem, example) for file in FILES for example in yaml.safe_load(file.read_text(encoding="utf-8"))]
ADDRESSES = Addresses(addresses_of())

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def collector(nats_url: str) -> AsyncIterator[Running]:
    async with controlled(nats_url) as (collector, pen):
        await pen.write([*pen.site("acme", "ruled.example", "alias.example"), *pen.site("acme", "closed.example")])
        await pen.write(pen.of_site(sites.SiteArchived, "acme", "closed.example"))
        await pen.write(pen.of_site(sites.SiteOriginsDecided, "acme", "ruled.example", origins=("https://ruled.example",)))
        out = sites.Exclusions(paths=("/admin/*",))
        await pen.write(pen.of_site(sites.SiteExclusionsDecided, "acme", "ruled.example", exclusions=out))
        await pen.write(pen.of_site(sites.SitePolicyDecided, "acme", "ruled.example", policy=sites.Policy(id="p1")))
        await told(collector, pen)
        yield collector


@pytest.mark.parametrize("example", [pytest.param(example, id=f"{stem}: {example['name']}") for stem, example in EXAMPLES])
async def test_the_example_holds(collector: Running, example: dict[str, Any]):
    before = await collector.count()
    answer = await send(collector, example)
    assert answer.status_code == example["answer"], answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == example.get("headers", {}).get("Origin", "*")
    assert not {"set-cookie", "etag", "location"} & set(answer.headers)
    if "event" in example:
        assert await collector.count() == before + 1
        await holds(collector, example)
    else:
        assert await collector.count() == before, "nothing is stored of what is dropped or refused"
    assert answer.headers.get("X-Collector-Dropped") == example.get("dropped")
    assert answer.headers.get("X-Collector-Robot") == example.get("robot")
    assert answer.headers.get("X-Collector-Changed") == example.get("changed")
    refused(answer, example)
    if "receipt" in example:
        assert answer.json() == example["receipt"]


async def send(collector: Running, example: dict[str, Any]) -> httpx.Response:
    headers = example.get("headers", {})
    if "get" in example:
        return await collector.http.get(example["get"], headers=headers)
    if "send" in example:
        body = json.dumps(example["send"]).encode()
    else:
        body = bytes.fromhex(example["bytes"]) if "bytes" in example else example["raw"].encode()
    return await collector.http.post(example["post"], content=body, headers={"Content-Type": "application/json"} | headers)


async def holds(collector: Running, example: dict[str, Any]) -> None:
    event, data = await collector.stored()
    found = {path: dotted(event, path) for path in example["event"]}
    assert found == example["event"]
    for needle in (ADDRESS, FIREFOX, example.get("absent", FIREFOX)):
        assert needle.encode() not in data


def refused(answer: httpx.Response, example: dict[str, Any]) -> None:
    if "body" in example:
        assert (answer.text if isinstance(example["body"], str) else answer.json()) == example["body"]
    assert example.get("holds", "") in answer.text
    if "says" in example:
        assert example["says"].items() <= answer.json().items()
    if answer.status_code < 400 or {"body", "says"} & example.keys():
        return
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert problem["code"] == example.get("rejected", problem["code"])
    assert problem.get("field", "") == example.get("field", problem.get("field", ""))
    assert example.get("detail", "") in problem["detail"]


async def test_every_dialect_has_examples():
    asked = {
        found.entries[0].template
        for _, example in EXAMPLES
        for method in ("GET", "POST")
        if (found := ADDRESSES.find(method, (example.get("post") or example["get"]).partition("?")[0])) is not None
    }
    here = {endpoint.template for endpoint in DIALECTS if endpoint.dialect not in OF_THEIR_OWN}
    assert here - asked <= {"/api/events/batch"}, "the batch has a file of its own"


async def test_every_drop_reason_has_an_example():
    shown = {example.get("dropped") for _, example in EXAMPLES}
    assert {reason.value for reason in DropReason} <= shown
