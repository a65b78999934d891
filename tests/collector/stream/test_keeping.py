"""A stream is kept as the promises need it: refused where it has drifted, enlarged where it may be, and else left as it is."""

import pytest
from nats.aio.client import Client

from collector.stream import connection as broker
from contracts.streams import stream_settings
from tests.collector.stream.room import ROOM, streams
from tests.facts import STREAM, WEB


async def test_a_stream_that_drifted_is_refused_and_the_setting_is_named(client: Client):
    changed = stream_settings(WEB, max_bytes=ROOM, replicas=1) | {"discard": "old"}
    await broker.ask(client, f"STREAM.UPDATE.{STREAM}", changed)
    with pytest.raises(broker.StreamDrifted, match="discard"):
        await broker.ensure_stream(client, WEB, max_bytes=ROOM, replicas=1)


async def test_a_larger_limit_is_taken_over(client: Client):
    await broker.ensure_stream(client, WEB, max_bytes=ROOM * 2, replicas=1)
    assert (await broker.ask(client, f"STREAM.INFO.{STREAM}")).config["max_bytes"] == ROOM * 2


async def test_a_limit_that_does_not_fit_leaves_the_stream_as_it_was(client: Client, caplog: pytest.LogCaptureFixture):
    await streams(client).make(WEB)
    before = (await broker.ask(client, f"STREAM.INFO.{STREAM}")).config["max_bytes"]
    good, drifted = await streams(client, max_bytes=1 << 60).keep()
    assert (good, drifted) == ([WEB], [])
    assert (await broker.ask(client, f"STREAM.INFO.{STREAM}")).config["max_bytes"] == before
    assert "max_file_store" in caplog.text
