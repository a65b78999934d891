"""While NATS does not answer, each mounted system says how it is in its own shape, and nothing hangs."""

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from contracts.mounts import Mount
from tests.collector.cli.conftest import up  # noqa: F401  # pytest finds fixtures by their names here
from tests.running import Up, eventually

# Nodash's is of its event store, which is the stream; the others' are of the process, and the log server's of its database.
HEALTH: dict[Mount, tuple[str, int, dict[str, Any]]] = {
    Mount.BILAN: ("/bilan/health", 200, {"status": "ok"}),
    Mount.NODASH: ("/nodash/v1/health", 503, {"status": "unhealthy"}),
    Mount.MINIGEM: ("/minigem/health", 200, {"ok": True}),
    Mount.FLOWCORE: ("/flowcore/health", 200, {"status": "ok"}),
    Mount.CHANGE66: ("/change66/health", 200, {"status": "healthy"}),
}


def ask(running: Up, path: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{running.port}{path}", timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


@pytest.mark.long
def test_each_system_says_how_it_is_while_nats_does_not_answer(up: Callable[[], Up]):  # noqa: F811  # the fixture
    running = up().wait_until_ready()
    assert {ask(running, path)[0] for path, _, _ in HEALTH.values()} == {200}
    nats = running.children["nats-server"]
    os.kill(nats, signal.SIGSTOP)
    try:
        eventually(lambda: ask(running, "/health")[0] == 503, "it is noticed")
        for mount, (path, status, said) in HEALTH.items():
            told, document = ask(running, path)
            assert told == status, (mount, document)
            assert said.items() <= document.items()
    finally:
        os.kill(nats, signal.SIGCONT)
    eventually(lambda: ask(running, "/nodash/v1/health")[0] == 200, "it is well again")
