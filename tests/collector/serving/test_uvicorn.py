"""The contract with uvicorn: what our protocol uses of it beyond its documentation is there, and is called as we think.

uvicorn is pinned below its next minor version in pyproject.toml. When this fails after an upgrade, read what changed in
uvicorn/protocols/http/httptools_impl.py before anything in collector/serving/protocol.py.
"""

import asyncio
import inspect
import re
from pathlib import Path

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from collector.serving import protocol
from collector.serving.protocol import BoundedProtocol

OVERRIDDEN = sorted(
    name
    for name in vars(BoundedProtocol)
    if callable(getattr(HttpToolsProtocol, name, None)) and name in vars(HttpToolsProtocol)
)
# What uvicorn's protocol has that ours reads or writes.
STATE = (
    "server_state",
    "loop",
    "connections",
    "transport",
    "pipeline",
    "parser",
    "headers",
    "cycle",
    "flow",
    "timeout_keep_alive",
    "timeout_keep_alive_task",
)
CYCLE = ("disconnected", "keep_alive", "response_started", "response_complete")


def source(of: object) -> str:
    return inspect.getsource(of)


@pytest.fixture
async def made() -> HttpToolsProtocol:
    config = uvicorn.Config(lambda: None, http="httptools", ws="none", lifespan="off", log_config=None)
    return HttpToolsProtocol(config, ServerState(), {}, asyncio.get_running_loop())


@pytest.mark.parametrize("name", [*STATE, "_start_asgi_task"])
async def test_the_protocol_has_what_ours_uses(made, name):
    assert hasattr(made, name)


@pytest.mark.parametrize("name", CYCLE)
def test_a_cycle_has_what_ours_uses(name):
    assert f"self.{name} = " in source(RequestResponseCycle.__init__)


def test_what_we_use_is_on_these_lists():
    used = set(re.findall(r"\bself\.([a-z_]+)", source(BoundedProtocol)))
    ours = set(vars(BoundedProtocol)) | set(re.findall(r"self\.(_[a-z_]+)\b", source(BoundedProtocol.__init__)))
    assert used - ours - set(STATE) == {"url"}, "uvicorn gives a request's address only once it begins"
    cycle = set(re.findall(r"(?:cycle|_under_way)\.([a-z_]+)", source(BoundedProtocol)))
    assert cycle == set(CYCLE)


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_a_method_of_ours_takes_what_uvicorns_takes(name):
    theirs, mine = (list(inspect.signature(getattr(kind, name)).parameters) for kind in (HttpToolsProtocol, BoundedProtocol))
    assert name == "__init__" or mine == theirs


def test_the_order_that_we_rely_on_is_uvicorns():
    assert "self._start_asgi_task(" in source(HttpToolsProtocol.on_headers_complete), "so ours sees every cycle that begins"
    assert "self.pipeline.pop()" in source(HttpToolsProtocol.on_response_complete), "a cycle that waited begins there"
    assert "self.send_400_response(" in source(HttpToolsProtocol.data_received), "what the parser refuses comes to us"
    assert source(HttpToolsProtocol.on_message_begin).index("self.headers = []") > 0, "each head begins empty"


def test_the_version_is_pinned_below_the_next_minor():
    project = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    lowest, above = re.findall(r'"uvicorn>=0\.(\d+),<0\.(\d+)"', project)[0]
    assert int(above) == int(lowest) + 1
    assert uvicorn.__version__.startswith(f"0.{lowest}.")
    assert protocol.HttpToolsProtocol is HttpToolsProtocol
