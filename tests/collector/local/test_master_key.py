"""The master key is made once, in one place, and never by two installations on one NATS."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from collector.control.vault import Vault, VaultClosed
from collector.local.key_place import master_key_file
from collector.local.master_key import settle_master_key
from collector.settings import read_settings
from collector.stream import connection as broker


@pytest.fixture
async def client(stream_free_nats: str) -> AsyncIterator[Client]:
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    yield client
    await broker.disconnect(client)


def test_it_lies_in_the_data_directory_or_where_the_settings_say(tmp_path: Path):
    for given, expected in (({}, tmp_path / "master.key"), ({"COLLECTOR_MASTER_KEY_FILE": "/keys/k"}, Path("/keys/k"))):
        settings = read_settings({"COLLECTOR_DATA": str(tmp_path)} | given)
        assert master_key_file(settings.control, settings.local) == expected


async def test_of_two_installations_that_begin_at_once_one_seals_the_vault(client: Client, tmp_path: Path):
    paths = [tmp_path / str(number) / "master.key" for number in range(6)]
    settling = [settle_master_key(client, path, replicas=1) for path in paths]
    outcomes = await asyncio.gather(*settling, return_exceptions=True)
    (winner,) = [path for path, outcome in zip(paths, outcomes, strict=True) if outcome is True]
    assert {type(outcome) for outcome in outcomes} == {bool, VaultClosed}
    assert [path for path in paths if path.exists()] == [winner], "a key that opens nothing is not kept"
    assert await Vault(client, winner).names() == []
