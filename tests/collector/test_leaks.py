"""Whatever is asked of the ingest app, nobody's address or user agent is left anywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collector.local.nats import NatsServer
from tests.collector.ingest import ADDRESS, FIREFOX, running

JSON = {"Content-Type": "application/json"}
PAGE = {"domain": "shop.example", "pathname": "/"}


async def test_no_address_and_no_user_agent_reach_the_disk_the_logs_or_an_answer(
    nats_server: Callable[[], NatsServer], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    server = nats_server()
    seen = b""
    async with running(server.url) as collector:
        requests: list[tuple[str, str, dict[str, Any]]] = [
            ("POST", "/api/event", {"json": PAGE}),
            ("POST", "/api/event", {"content": b"{", "headers": JSON}),
            ("POST", "/api/events/batch", {"json": {"events": [PAGE, {"pathname": 1}]}}),
            ("GET", "/pixel.gif?path=/", {"headers": {"X-Forwarded-For": ADDRESS}}),
            ("GET", "/nothing", {}),
            ("PUT", "/api/event", {}),
        ]
        for method, path, request in requests:
            answer = await collector.http.request(method, path, **request)
            seen += answer.content + repr(answer.headers).encode()
        assert await collector.count() > 0
    seen += caplog.text.encode() + everything_below(tmp_path)
    assert b"shop.example" in seen, "the search must be able to find what is there"
    for needle in (ADDRESS, FIREFOX):
        assert needle.encode() not in seen


def everything_below(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
