"""Clients that never finish, however many: each is sent away in good time, and nobody else notices."""

import json
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from tests.hostile.conftest import Target
from tests.hostile.wire import SITE, get, post, request
from tests.running import eventually

MANY = 5000
# Sockets of the dawdlers and of the server are counted for each process by itself.
SPARE = 1000
# The promises: whoever dawdles is gone by then, and somebody who is in earnest has an answer (nine times of ten), where the
# machine has time for both.
GONE_SECONDS = 10.0
ANSWER_SECONDS = 1.0
PATIENCE = 60
PAGE = {"domain": SITE, "pathname": "/meanwhile"}


class Probe(NamedTuple):
    """One look at how the others are served."""

    status: int
    seconds: float


@pytest.mark.long  # each bound by itself is tried each time
def test_five_thousand_dawdlers_are_sent_away_and_keep_nobody_out(target: Target):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = MANY if hard == resource.RLIM_INFINITY else min(MANY, hard - SPARE)
    command = [sys.executable, "-m", "tests.hostile.dawdlers", str(target.port), str(count)]
    with ThreadPoolExecutor() as pool, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as dawdling:
        assert dawdling.stdout is not None
        assert dawdling.stdout.readline() == "open\n"
        # Within the grace that everybody has, newcomers are asked to come back.
        eventually(lambda: get(target.port, "/livez").status == 200, "somebody has given way")
        cut_off = pool.submit(ask_and_never_listen, target.port)
        with probing(target) as probes:
            told = json.loads(dawdling.stdout.readline())
            late = told["late"]  # by so much a busy machine wakes anybody late, the server too
            assert cut_off.result() < 2 * (GONE_SECONDS + late), "it may dawdle with its last request, and then with the answer"
    assert told["refused"] == 0
    assert len(told["lasted"]) == count
    assert max(told["lasted"]) < GONE_SECONDS + 2 * late
    assert {probe.status for probe in probes} == {200, 204}
    slowest = sorted(probe.seconds for probe in probes)
    assert slowest[len(slowest) * 9 // 10] < ANSWER_SECONDS + late
    assert b"collector_http_requests_in_progress 0.0" in get(target.port, "/metrics").body


@contextmanager
def probing(target: Target) -> Iterator[list[Probe]]:
    """Ask for health and send an event, again and again, for as long as the block lasts."""
    probes: list[Probe] = []
    is_over = threading.Event()

    def probe() -> None:
        while not is_over.wait(0.1):
            for ask in (
                lambda: get(target.port, "/livez"),
                lambda: get(target.port, "/readyz"),
                lambda: post(target.port, PAGE),
            ):
                began = time.monotonic()
                status = ask().status
                probes.append(Probe(status, time.monotonic() - began))

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        yield probes
    finally:
        is_over.set()
        thread.join()
    assert probes


def ask_and_never_listen(port: int) -> float:
    """Ask one thing after the other until the server gives up, and return after how long it did."""
    began = time.monotonic()
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", port))
        deaf.settimeout(PATIENCE)
        try:
            while True:
                deaf.sendall(request("GET", "/js/c.js", last=False))
                time.sleep(0.001)  # one at a time: what comes in one piece is cut off for being too much
        except ConnectionError:
            return time.monotonic() - began
