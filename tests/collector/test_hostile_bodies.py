"""Bodies that are too large, too deep, never end or say they are what they are not are refused, and cost nobody anything."""

import gzip
from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.collector.ingest import Running

JSON = {"Content-Type": "application/json"}
PAGE = {"domain": "shop.example", "pathname": "/"}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_refusal_closes_on_whoever_waits_for_our_word_before_it_sends_the_body(collector: Running, method: str):
    answer = await collector.http.request(method, "/api/event", headers={"Expect": "100-continue"}, content=b"[]")
    assert answer.status_code in (400, 405)
    assert answer.headers["connection"] == "close"


async def test_a_gzip_body_is_read(collector: Running):
    body = gzip.compress(msgspec.json.encode(PAGE))
    answer = await collector.http.post("/api/event", content=body, headers=JSON | {"Content-Encoding": "gzip"})
    assert answer.status_code == 204
    assert await collector.count() == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x" * 70_000, {}, 413),
        (gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}, 413),
        (gzip.compress(b"{}")[:-4], {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"{}") + b"more", {"Content-Encoding": "gzip"}, 400),
        (b"not gzip", {"Content-Encoding": "gzip"}, 400),
        (b"[" * 60_000, {}, 400),
        (b'{"pathname":"/","x":' + b"[" * 60_000, {}, 400),
        ('{"pathname":"/"}'.encode("utf-16"), {}, 400),
        (b'\xef\xbb\xbf{"pathname":"/"}', {}, 400),
        (b'{"pathname":"/","eventName":"e","customProperties":{"n":NaN}}', {}, 400),
    ],
    ids=["too large", "gzip bomb", "cut gzip", "gzip and more", "no gzip", "deep", "deep and ignored", "UTF-16", "BOM", "NaN"],
)
async def test_a_hostile_body_is_refused_as_a_problem_and_nothing_is_stored(
    collector: Running, body: bytes, headers: dict[str, str], status: int
):
    answer = await collector.http.post("/api/event", content=body, headers=JSON | headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert await collector.count() == 0


async def test_a_chunked_body_that_never_ends_is_cut_off(collector: Running):
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"x" * 1024

    answer = await collector.http.post("/api/event", content=endless(), headers=JSON)
    assert answer.status_code == 413
