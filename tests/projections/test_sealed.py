"""The query half reads what the other half has sealed, and says why where it cannot."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.control.tokens import Tokens
from collector.control.vault import Vault
from collector.local.master_key import settle_master_key
from collector.stream import connection as broker
from contracts.control.keys import Key, KeyKind, Scope
from contracts.tokens import LIFE
from contracts.vault import ClosedReason, member_entry
from projections.stream.connection import Connection
from projections.tokens import TokenReader
from projections.vault import VaultClosed, VaultReader, read_entry

KEY = Key(
    id="key:abc",
    version=1,
    tenant="shop",
    kind=KeyKind.SECRET,
    scopes=(Scope.READ,),
    digest="0" * 64,
    issued_at=datetime(2026, 11, 27, tzinfo=UTC),
)
NAME, VALUE = member_entry("kim"), b"particulars"


@pytest.fixture
async def connection(stream_free_nats: str) -> AsyncIterator[Connection]:
    connection = Connection(stream_free_nats)
    await connection.open()
    yield connection
    await connection.close()


@pytest.fixture
async def key(stream_free_nats: str, tmp_path: Path) -> Path:
    """The key of a vault with one entry."""
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    path = tmp_path / "master.key"
    await settle_master_key(client, path, replicas=1)
    await Vault(client, path).put(NAME, VALUE, expected_revision=0)
    await broker.disconnect(client)
    return path


async def test_what_one_half_seals_the_other_reads(key: Path, connection: Connection):
    assert await read_entry(connection, key, NAME) == VALUE
    assert await read_entry(connection, key, member_entry("ash")) is None


async def test_without_the_right_key_it_says_which_is_missing(key: Path, connection: Connection):
    text = key.read_text()
    for said, reason in ((text[:30] + text[30:].swapcase(), ClosedReason.WRONG_KEY), (text[:30], ClosedReason.DAMAGED_KEY)):
        key.write_text(said)
        with pytest.raises(VaultClosed) as closed:
            await read_entry(connection, key, NAME)
        assert closed.value.reason is reason
    key.unlink()
    with pytest.raises(VaultClosed, match="There is no master key"):
        await read_entry(connection, key, NAME)


async def test_a_token_that_one_half_hands_out_the_other_takes(key: Path, stream_free_nats: str):
    clock = [datetime(2026, 11, 27, 12, tzinfo=UTC)]
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    tokens = Tokens(vault=Vault(client, key), find_key=nobody, clock=lambda: clock[0])
    vault = VaultReader(stream_free_nats, key)
    reader = TokenReader(vault.read, clock=lambda: clock[0])
    token = (await tokens.exchange(KEY)).text
    claims = await reader.claims(token)
    assert claims is not None
    assert (claims.sub, claims.tenant, claims.scopes) == ("abc", "shop", KEY.scopes)
    for wrong in ("", token[:-4] + "AAAA", f"{token}.", token.partition(".")[2]):
        assert await reader.claims(wrong) is None
    clock[0] += LIFE
    assert await reader.claims(token) is None
    clock[0] += timedelta(days=2)
    assert await reader.claims((await tokens.exchange(KEY)).text) is not None, "after a rotation, too"
    await vault.close()
    await broker.disconnect(client)


async def nobody(_: str) -> None:
    return None


async def test_where_nothing_was_ever_kept_there_is_nothing(stream_free_nats: str, connection: Connection, tmp_path: Path):
    key = tmp_path / "master.key"
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    await settle_master_key(client, key, replicas=1)
    await Vault(client, key).empty()
    await broker.disconnect(client)
    assert await read_entry(connection, key, NAME) is None
