"""Bodies that are not what they seem: refused, or read in the one way that is written down here."""

import gzip
import json
import zlib

import pytest

from tests.hostile.conftest import Target
from tests.hostile.wire import SITE, get, post, request, say

DEEP = 60
TEXT = {"domain": SITE, "pathname": "/body", "eventName": "Body"}


def stored(target: Target, body: bytes, *headers: str) -> dict:
    """Post *body*, which must be taken, and return the fact that it became."""
    before = target.position()
    answer = post(target.port, body, *headers)
    assert answer.status == 204, answer.body
    (fact,) = target.facts(after=before)
    return fact


def with_props(props: str) -> bytes:
    return json.dumps(TEXT).encode()[:-1] + b', "customProperties": ' + props.encode("utf-8", "surrogatepass") + b"}"


def test_of_two_equal_names_the_last_counts_everywhere(target: Target):
    body = (
        b'{"domain": "first.example", "pathname": "/first", "domain": "%b", "pathname": "/last", "eventName": "E",'
        % SITE.encode()
    )
    fact = stored(target, body + b' "customProperties": {"a": 1}, "customProperties": {"b": 1, "b": 2}}')
    assert (fact["site"], fact["page"]["path"], fact["props"]) == (SITE, "/last", {"b": 2})


@pytest.mark.parametrize(
    ("props", "kept"),
    [
        ('{"a": 9007199254740991, "b": -9007199254740991}', {"a": 2**53 - 1, "b": -(2**53) + 1}),
        ('{"a": 1e308, "b": 5e-324, "c": -0.0}', {"a": 1e308, "b": 5e-324, "c": -0.0}),
        ('{"a": "\\ud83d\\ude00", "b": "\U0001f600"}', {"a": "\U0001f600", "b": "\U0001f600"}),
        ('{"a": "caf\\u00e9", "b": "\\ttab\\n"}', {"a": "café", "b": " tab "}),
        (f'{{"deep": {"[" * DEEP}{"]" * DEEP}, "a": 1}}', {"a": 1}),
        ("{" + ", ".join(f'"n{number}": 1' for number in range(3000)) + "}", {f"n{number}": 1 for number in range(30)}),
        ('{"": 1, " ": 2, "__proto__": 3, "constructor": 4}', {"": 1, " ": 2, "__proto__": 3, "constructor": 4}),
        ('{"a": "\u202egnp.exe", "b": "\u200b"}', {"a": "gnp.exe", "b": ""}),
    ],
    ids=["whole numbers", "floats", "a pair of surrogates", "escapes", "depth", "many", "odd names", "directions"],
)
def test_odd_properties_are_kept_as_far_as_they_can_be(target: Target, props: str, kept: dict):
    assert stored(target, with_props(props))["props"] == kept


@pytest.mark.parametrize(
    "body",
    [
        with_props('{"a": 9007199254740992}'),
        with_props('{"a": 1e400}'),
        with_props('{"a": -Infinity}'),
        with_props('{"a": 01}'),
        with_props('{"a": "\\ude00\\ud83d"}'),
        with_props('{"a": "\\ud83d"}'),
        with_props('{"a": "\ud83d"}'),
        with_props('{"a": "\\u0000"}'),
        with_props('{"a": "\\u001b[31m"}'),
        with_props("{'a': 1}"),
        with_props('{"a": 1,}'),
        with_props('{"a": 1} // why not'),
        with_props("[" * 30_000 + "]" * 30_000),
        with_props('{"a":' * 9_000 + "1" + "}" * 9_000),
        json.dumps(TEXT).encode() + b"{}",
        json.dumps(TEXT).encode() + b"\0",
        json.dumps(TEXT).encode("utf-16-be"),
        json.dumps(TEXT).encode("utf-32"),
        b"\xef\xbb\xbf" + json.dumps(TEXT).encode(),
        json.dumps(TEXT).encode().replace(b"Body", b"\xc0\xaf"),
        b"null",
        b"[]",
        b'"%b"' % SITE.encode(),
        b" ",
    ],
)
def test_what_is_not_json_for_everybody_is_refused(target: Target, body: bytes):
    before = target.position()
    answer = post(target.port, body)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert target.position() == before


def test_an_escape_in_a_batch_is_read_and_one_item_refused_for_its_own(target: Target):
    items = [TEXT | {"pathname": "/caf\u00e9"}, TEXT | {"pathname": "/\0"}, TEXT | {"pathname": "/\x7f"}]
    before = target.position()
    answer = post(target.port, json.dumps({"events": items}).encode(), path="/api/events/batch")
    assert answer.status == 200, answer.body
    assert [result["status"] for result in answer.json()["results"]] == ["stored", "rejected", "rejected"]
    assert [fact["page"]["path"] for fact in target.facts(after=before)] == ["/caf\u00e9"]


def test_no_depth_is_too_deep_to_be_answered(target: Target):
    for depth in (*range(100, 2000, 100), 990, 995, 999):
        body = with_props(f'{{"a": "\\u00e9", "deep": {"[" * depth}{"]" * depth}}}')
        assert post(target.port, body).status in (204, 400), depth


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "compress", "gzip, gzip", "gzip, br", "x-gzip", "GZIP;q=1"])
def test_an_encoding_that_is_not_gzip_is_refused(target: Target, encoding: str):
    body = zlib.compress(json.dumps(TEXT).encode())
    assert post(target.port, body, f"Content-Encoding: {encoding}").status == 415


def test_a_bomb_in_a_bomb_is_not_opened_twice(target: Target):
    bomb = gzip.compress(gzip.compress(b" " * 10_000_000))
    assert post(target.port, bomb, "Content-Encoding: gzip").status == 400


def test_bombs_take_no_memory(target: Target):
    bomb = gzip.compress(b" " * 60_000_000)
    assert post(target.port, bomb, "Content-Encoding: gzip").status == 413
    before = resident(target)
    for path in ("/api/event", "/api/events/batch") * 20:
        assert post(target.port, bomb, "Content-Encoding: gzip", path=path).status == 413
    assert resident(target) - before < 30_000_000


def resident(target: Target) -> float:
    """Return the memory that the role in front of us uses, as it says itself."""
    lines = get(target.port, "/metrics").body.decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("process_resident_memory_bytes "))


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)


def test_chunks_are_read_and_cut_off_where_they_are_too_many(target: Target):
    head = ("POST", "/api/event", "Transfer-Encoding: chunked", "Content-Type: application/json")
    whole = json.dumps(TEXT).encode()
    letters = [whole[at : at + 1] for at in range(len(whole))]
    (taken,) = say(target.port, request(*head) + chunked(*letters) + b"0\r\n\r\n")
    assert taken.status == 204
    refused = say(target.port, request(*head), *[chunked(b" " * 4096)] * 40)
    assert {answer.status for answer in refused} == {413}


def test_trailers_are_not_headers(target: Target):
    body = chunked(json.dumps(TEXT).encode()) + b"0\r\nSec-GPC: 1\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n"
    before = target.position()
    (answer,) = say(target.port, request("POST", "/api/event", "Transfer-Encoding: chunked") + body)
    (plain,) = say(target.port, request("POST", "/api/event", body=json.dumps(TEXT).encode()))
    assert (answer.status, plain.status) == (204, 204)
    first, second = target.facts(after=before)
    assert first["visitor"] == second["visitor"]


def test_trailers_without_end_are_cut_off(target: Target):
    head = request("POST", "/login", "Transfer-Encoding: chunked") + b"0\r\n"
    assert {answer.status for answer in say(target.port, head, *[b"X-More: %b\r\n" % (b"a" * 4096)] * 100)} <= {303, 431}
