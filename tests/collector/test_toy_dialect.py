"""A dialect, a family and keys of somebody else's go through ingest beside our own, and are worded in their own words."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client import REGISTRY

from collector.app import IngestApp
from collector.dialects import DIALECTS
from collector.ingest import Ingest, Offer, open_ingest
from collector.kinds import KINDS
from collector.settings import read_settings
from collector.stream import connection as broker
from contracts.codec import Codec
from contracts.events import CATALOGUE, Fact
from contracts.streams import FAMILIES, EventStream, Family
from contracts.tallies import Ending
from tests.collector.toy import NOTES, PERSON, SECONDS, TOY, AtMost, NoteTaken, recognise


class Toy:
    def __init__(self, ingest: Ingest, http: httpx.AsyncClient, nats_url: str) -> None:
        self.ingest, self.http, self._nats_url = ingest, http, nats_url

    async def last(self) -> tuple[Fact, bytes]:
        stream = EventStream(family="notes").name
        client = await broker.connect(self._nats_url, on_loss=lambda: None)
        seq = (await broker.ask(client, f"STREAM.INFO.{stream}")).state.last_seq
        message = (await broker.ask(client, f"STREAM.MSG.GET.{stream}", {"seq": seq})).message
        await broker.disconnect(client)
        data = base64.b64decode(message.data)
        return Codec((*CATALOGUE, NoteTaken)).decode(data), data


@pytest.fixture
async def toy(stream_free_nats: str) -> AsyncIterator[Toy]:
    offer = Offer(
        dialects=(*DIALECTS, *TOY),
        kinds=(*KINDS, NOTES),
        families=(*FAMILIES, Family(name="notes")),
        recognise=recognise,
        limit=AtMost(3),
    )
    settings = read_settings({"COLLECTOR_STREAM_MAX_BYTES": str(1 << 28)})
    async with open_ingest(settings, stream_free_nats, lambda: datetime.now(UTC), offer=offer) as ingest:
        transport = httpx.ASGITransport(app=ingest.app, client=("203.0.113.77", 4711), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://collector", headers=PERSON) as http:
            yield Toy(ingest, http, stream_free_nats)


async def test_a_key_in_the_head_and_a_parameter_in_the_path_make_a_fact_of_the_toys_family(toy: Toy):
    answer = await toy.http.post("/toy/garden/note", json={"text": "ask jane@example.org"}, headers={"X-Toy-Key": "good"})
    assert (answer.status_code, answer.text) == (200, "noted for k1")
    fact, data = await toy.last()
    assert isinstance(fact, NoteTaken)
    assert (fact.site, fact.project, fact.text, fact.country) == ("toy.example", "garden", "ask [email]", "NO")
    assert b"203.0.113" not in data
    assert b"needle" not in data


async def test_a_key_in_the_body_is_recognised_once_it_is_decoded(toy: Toy):
    answer = await toy.http.post("/toy/notes", json={"text": "x", "key": "good", "project": "shed"})
    assert (answer.status_code, answer.text) == (200, "noted for nobody in the head")
    fact, _ = await toy.last()
    assert isinstance(fact, NoteTaken)
    assert (fact.site, fact.project) == ("toy.example", "shed")


@pytest.mark.parametrize(("key", "status", "text"), [("", 401, "no: unauthenticated"), ("reader", 403, "no: forbidden")])
async def test_a_key_that_is_wrong_is_refused_in_the_toys_words_wherever_it_stands(toy: Toy, key: str, status: int, text: str):
    in_head = await toy.http.post("/toy/garden/note", json={"text": "x"}, headers={"X-Toy-Key": key})
    in_body = await toy.http.post("/toy/notes", json={"text": "x", "key": key})
    assert [(answer.status_code, answer.text) for answer in (in_head, in_body)] == [(status, text)] * 2


async def test_who_sends_too_much_is_told_when_to_come_back_and_counted(toy: Toy):
    before = refusals()
    for _ in range(3):
        assert (await toy.http.post("/toy/notes", json={"text": "x", "key": "good"})).status_code == 200
    answers = [
        await toy.http.post("/toy/notes", json={"text": "x", "key": "good"}),
        await toy.http.post("/toy/garden/note", json={"text": "x"}, headers={"X-Toy-Key": "good"}),
    ]
    assert [(answer.status_code, answer.text) for answer in answers] == [(429, "no: rate_limited")] * 2
    assert {answer.headers["Retry-After"] for answer in answers} == {str(SECONDS)}
    assert refusals() - before == 2
    tallied = [line for part in toy.ingest.teller.tally.changes() for line in part.lines if line.ending is Ending.REFUSED]
    assert [(line.site, line.dialect, line.reason, line.hits) for line in tallied] == [
        ("toy.example", "toy", "rate_limited", 2)
    ]


def refusals() -> float:
    return REGISTRY.get_sample_value("collector_events_refused_total", {"reason": "rate_limited"}) or 0.0


async def test_what_is_malformed_is_refused_in_the_toys_words(toy: Toy):
    answer = await toy.http.post("/toy/notes", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.text) == (400, "no: not_json")
    other = await toy.http.put("/toy/notes", json={})
    assert (other.status_code, other.text, other.headers["Allow"]) == (405, "no: method", "POST, OPTIONS")


async def test_while_the_stream_is_away_a_note_is_503_and_the_document_is_there(toy: Toy):
    toy.ingest.care.doubt()
    note_, document = await asyncio.gather(
        toy.http.post("/toy/notes", json={"text": "x", "key": "good"}),
        toy.http.get("/toy/garden/settings", headers={"X-Toy-Key": "reader"}),
    )
    assert (note_.status_code, note_.text) == (503, "no: stream_disconnected")
    assert (document.status_code, document.text) == (200, "garden of k2")


async def test_a_document_asks_for_its_key_and_is_no_hit(toy: Toy):
    before = received()
    answer = await toy.http.get("/toy/garden/settings")
    assert (answer.status_code, answer.text) == (401, "no: unauthenticated")
    assert received() == before


def received() -> float:
    return REGISTRY.get_sample_value("collector_hits_received_total", {"dialect": "toy"}) or 0.0


async def test_a_request_whose_headers_fit_no_form_is_counted_too(stream_free_nats: str):
    before = received()
    offer = Offer(dialects=[part for part in TOY if part.mark is not None and part.mark.header])
    async with open_ingest(read_settings({}), stream_free_nats, lambda: datetime.now(UTC), offer=offer) as ingest:
        transport = httpx.ASGITransport(app=ingest.app, client=("203.0.113.77", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://collector") as http:
            answer = await http.post("/toy/either", json={"text": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "shape")
    assert received() - before == 1


async def test_our_own_dialects_go_on_beside_it(toy: Toy):
    answer = await toy.http.post("/api/event", json={"domain": "shop.example", "pathname": "/"})
    assert answer.status_code == 204


async def test_a_preflight_names_the_methods_of_a_path_with_a_parameter(toy: Toy):
    assert isinstance(toy.ingest.app, IngestApp)
    answer = await toy.http.options("/toy/garden/note")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Methods"]) == (204, "POST, OPTIONS")


async def test_two_endpoints_share_an_address_by_a_header_or_by_the_bodys_shape(toy: Toy):
    good = {"text": "x", "key": "good"}
    by_header = await toy.http.post("/toy/either", json=good, headers={"X-Toy-Form": "long"})
    by_shape = await toy.http.post("/toy/either", json=good | {"project": "shed"})
    neither = await toy.http.post("/toy/either", json=good)
    assert [answer.text for answer in (by_header, by_shape)] == ["long, Refused", "noted for nobody in the head"]
    assert (neither.status_code, neither.text) == (400, "no: shape")
