"""Requests that are not quite HTTP: refused or read in one way only, and never as a second request in disguise."""

import json

import pytest

from collector.serving.protocol import MAX_PIPELINED
from tests.hostile.conftest import Target
from tests.hostile.wire import SITE, get, request, say

SMUGGLED = request("POST", "/api/event", body=b'{"domain": "%b", "pathname": "/smuggled"}' % SITE.encode())
LENGTH = f"Content-Length: {len(SMUGGLED)}"
REFUSED = {
    "a length and chunks": request("POST", "/api/event", "Transfer-Encoding: chunked", LENGTH, body=b"0\r\n\r\n" + SMUGGLED),
    "two lengths": request("POST", "/api/event", LENGTH, "Content-Length: 0", body=SMUGGLED),
    "a length below zero": request("POST", "/api/event", "Content-Length: -1", body=SMUGGLED),
    "a length with a sign": request("POST", "/api/event", f"Content-Length: +{len(SMUGGLED)}", body=SMUGGLED),
    "a length in hex": request("POST", "/api/event", f"Content-Length: {len(SMUGGLED):#x}", body=SMUGGLED),
    "a length beyond all numbers": request("POST", "/api/event", f"Content-Length: {2**70}", body=SMUGGLED),
    "an encoding nobody has": request("POST", "/api/event", "Transfer-Encoding: xchunked", body=SMUGGLED),
    "chunks that are not last": request(
        "POST", "/api/event", "Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n" + SMUGGLED
    ),
    "a chunk beyond all numbers": request(
        "POST", "/api/event", "Transfer-Encoding: chunked", body=b"f" * 20 + b"\r\n" + SMUGGLED
    ),
    "a chunk that is no number": request("POST", "/api/event", "Transfer-Encoding: chunked", body=b"zz\r\n" + SMUGGLED),
    "a folded header": request("POST", "/api/event", "X-Folded: a\r\n Content-Length: 0", body=SMUGGLED),
    "a space before the colon": request(
        "POST", "/api/event", f"Content-Length : {len(SMUGGLED)}", "Transfer-Encoding: x", body=SMUGGLED
    ),
    "a NUL in a header": request("GET", "/livez", "X-Nul: a\0b"),
    "bare line feeds": SMUGGLED.replace(b"\r\n", b"\n"),
    "no Host": b"GET /livez HTTP/1.1\r\n\r\n",
    "two Hosts": request("GET", "/livez", "Host: other.example"),
    "a tunnel": b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a method nobody has": request("BREW", "/api/event", body=SMUGGLED),
    "a method in small letters": request("post", "/api/event", body=SMUGGLED),
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a version nobody has": b"GET /livez HTTP/7.3\r\nHost: localhost\r\n\r\n",
    "HTTP/0.9": b"GET /livez\r\n\r\n",
    "a target with a space": b"GET /live z HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32) + b"\r\n\r\n",
}


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
def test_what_is_not_quite_http_is_refused_and_nothing_behind_it_is_read(target: Target, sent: bytes):
    before = target.position()
    answers = say(target.port, sent)
    assert [answer.status for answer in answers] == [400]
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert answers[0].headers["connection"] == "close"
    assert target.position() == before


@pytest.mark.parametrize(
    "sent",
    [
        request("GET", "/livez", f"X-Large: {'a' * 100_000}"),
        request("GET", "/livez", *(f"X-{number}: a" for number in range(101))),
        request("GET", "/" + "a" * 100_000),
        request("GET", "/livez", f"{'X' * 100_000}: a"),
        request("GET", "/livez", *(f"X-{number}: {'a' * 300}" for number in range(99))),
    ],
    ids=["a large header", "many headers", "a large target", "a large name", "a large sum"],
)
def test_a_head_that_is_too_large_is_refused(target: Target, sent: bytes):
    assert {answer.status for answer in say(target.port, sent)} <= {431}
    assert get(target.port, "/livez").status == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_a_method_that_does_not_fit_is_refused(target: Target, method: str):
    for path in ("/api/event", "/api/stats/", "/livez", "/js/c.js"):
        (answer,) = say(target.port, request(method, path))
        assert answer.status == 405, path
        assert "allow" in answer.headers, path


def test_an_absolute_target_is_its_path(target: Target):
    assert get(target.port, "http://elsewhere.example/livez").status == 200
    assert get(target.port, "http://elsewhere.example/nothing/of/the/kind").status == 404


def test_requests_in_a_row_are_each_answered_in_order_and_stored_once(target: Target):
    before = target.position()
    bodies = [{"domain": SITE, "pathname": f"/in-a-row/{number}", "id": f"row-{number}"} for number in range(MAX_PIPELINED)]
    sent = [
        request(
            "POST",
            "/api/event",
            "Prefer: return=representation",
            body=json.dumps(body).encode(),
            last=number == MAX_PIPELINED - 1,
        )
        for number, body in enumerate(bodies)
    ]
    answers = say(target.port, b"".join(sent))
    assert [answer.status for answer in answers] == [200] * MAX_PIPELINED
    facts = {fact["id"]: fact["page"]["path"] for fact in target.facts(after=before)}
    assert [facts[answer.json()["id"]] for answer in answers] == [body["pathname"] for body in bodies]


def test_a_row_that_is_too_long_is_answered_up_to_there(target: Target):
    sent = request("GET", "/js/c.js", last=False) * 20_000
    answers = say(target.port, sent)
    assert MAX_PIPELINED <= len(answers) <= MAX_PIPELINED + 2
    assert {answer.status for answer in answers} == {200}


def test_what_comes_before_a_broken_request_is_answered_and_nothing_behind_it_is_read(target: Target):
    before = target.position()
    good = request("POST", "/api/event", body=b'{"domain": "%b", "pathname": "/row"}' % SITE.encode(), last=False)
    answers = say(target.port, good, b"\0\r\n\r\n" + SMUGGLED)
    # What is broken may come in a packet of its own, after the answer; then it is refused by itself.
    assert [answer.status for answer in answers] in ([204], [204, 400])
    assert [fact["page"]["path"] for fact in target.facts(after=before)] == ["/row"]
