"""What the product answered when it was recorded, it answers still, byte for byte; see README.md beside this file."""

import copy
from pathlib import Path
from typing import Any

import pytest

from collector.local.nats import NatsServer
from collector.local.postgres import PostgresServer
from tests.recorded import log, questions, recording
from tests.recorded.asking import DEMO, Servers, ask_accesslog, ask_demo, ask_wire, run

KINDS = ("wire", "demo", "pages", "accesslog", "real_accesslog")
Answers = dict[str, Any]


@pytest.fixture(scope="module")
def on(session_nats: NatsServer, session_postgres: PostgresServer) -> Servers:
    return Servers(nats=session_nats, postgres=session_postgres)


@pytest.fixture(scope="module")
def demo(on: Servers) -> tuple[Answers, Answers]:
    return run(ask_demo(on, questions.of_demo(DEMO)))


def nothing_differs(name: str, asked: Answers) -> None:
    found = recording.differences(recording.read(name), asked)
    assert not found, recording.report(found)


def test_every_request_is_answered_and_stored_as_before(on: Servers):
    requests = {name: answer["request"] for name, answer in recording.read("wire").items()}
    nothing_differs("wire", run(ask_wire(on, requests)))


def test_the_demo_is_answered_as_before(demo: tuple[Answers, Answers]):
    nothing_differs("demo", demo[0])


def test_the_pages_say_what_they_said(demo: tuple[Answers, Answers]):
    nothing_differs("pages", demo[1])


def test_an_access_log_is_answered_as_before(on: Servers, tmp_path: Path):
    answers, told = run(ask_accesslog(on, log.made_log(tmp_path), log.SITE, log.asked()))
    nothing_differs("accesslog", {"import": told} | answers)


@pytest.mark.parametrize("name", KINDS)
def test_one_changed_answer_is_found_and_named(name: str):
    recorded = recording.read(name)
    for request, answer in recorded.items():
        (found,) = recording.differences({request: answer}, {request: altered(answer)})
        assert found.startswith(f"{request}\n")
        assert "\n  -" in found
        assert "\n  +" in found
    last = list(recorded)[-1]
    assert len(recording.differences(recorded, recorded | {last: altered(recorded[last])})) == 1


@pytest.mark.parametrize("name", KINDS)
def test_a_missing_and_a_further_answer_are_found(name: str):
    recorded = recording.read(name)
    first, *rest = recorded
    without = {request: recorded[request] for request in rest}
    assert recording.differences(recorded, without) == [f"{first}\n  is recorded, and was not asked"]
    assert recording.differences(without, recorded) == [f"{first}\n  was asked, and is not recorded"]
    assert recording.differences(recorded, copy.deepcopy(recorded)) == []


@pytest.mark.parametrize(
    ("before", "after"), [({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({"a": 1}, {"a": 1.0}), ({"a": None}, {}), ("a b", "a  b")]
)
def test_what_only_the_bytes_tell_apart_differs(before: Any, after: Any):
    assert len(recording.differences({"request": before}, {"request": after})) == 1


def altered(answer: Any) -> Any:
    """Return *answer* with its last leaf changed a little."""
    match answer:
        case dict() if answer:
            last = list(answer)[-1]
            return answer | {last: altered(answer[last])}
        case list() if answer:
            return [*answer[:-1], altered(answer[-1])]
        case bool():
            return not answer
        case int() | float():
            return answer + 1
        case str():
            return f"{answer}."
        case _:
            return "something"
