"""Doctor says whether what was decided is known in Postgres, and which decisions cannot be read."""

from collections.abc import AsyncIterator

import pytest

from collector.cli.checks.decisions import examine_decisions
from collector.cli.checks.finding import Severity
from contracts.control.stream import subject_of
from projections.control.keeper import ControlKeeper
from projections.migrations import migrate
from tests.conftest import run_sql
from tests.projections.control.deciding import Decisions, decisions_on, site, tenant


@pytest.fixture
async def database_url(postgres_url: str) -> str:
    await migrate(postgres_url)
    return postgres_url


@pytest.fixture
async def decisions(stream_free_nats: str) -> AsyncIterator[Decisions]:
    async with decisions_on(stream_free_nats) as made:
        yield made


async def said(database_url: str, nats_url: str) -> list[tuple[Severity, str]]:
    found = [finding async for finding in examine_decisions(database_url, nats_url)]
    assert all(bool(finding.advice) is (finding.severity is not Severity.GOOD) for finding in found)
    return [(finding.severity, finding.text) for finding in found]


async def caught_up(database_url: str, nats_url: str) -> None:
    async with ControlKeeper(nats_url=nats_url, database_url=database_url) as keeper:
        await keeper.catch_up()


async def test_what_is_decided_and_not_read_is_said_until_it_is(decisions: Decisions, stream_free_nats: str, database_url: str):
    await decisions.decide(tenant("main"), site("shop.example"))
    assert await said(database_url, stream_free_nats) == [(Severity.ODD, "0 of 2 decisions are known")]
    await caught_up(database_url, stream_free_nats)
    assert await said(database_url, stream_free_nats) == [(Severity.GOOD, "all 2 decisions are known")]
    await decisions.write(subject_of("site:main:x", 1), b"{", "1")
    await caught_up(database_url, stream_free_nats)
    assert await said(database_url, stream_free_nats) == [
        (Severity.GOOD, "all 3 decisions are known"),
        (Severity.ODD, "1 decisions cannot be read, in CONTROL at 3"),
    ]


async def test_a_stream_that_is_gone_is_broken_and_one_that_never_was_is_not(
    decisions: Decisions, stream_free_nats: str, database_url: str
):
    await decisions.decide(tenant("main"))
    await caught_up(database_url, stream_free_nats)
    await decisions.take_away()
    ((severity, text),) = await said(database_url, stream_free_nats)
    assert (severity, text) == (Severity.BAD, "the stream CONTROL is gone, of which 1 decisions are known")
    await run_sql(database_url, "TRUNCATE control_reading")
    assert await said(database_url, stream_free_nats) == [(Severity.GOOD, "nothing has been decided yet")]


async def test_where_nats_or_postgres_is_away_nothing_is_known(database_url: str, stream_free_nats: str):
    assert await said(database_url, "nats://127.0.0.1:1") == [(Severity.ODD, "is not known")]
    assert await said("postgresql://127.0.0.1:1/x", stream_free_nats) == [(Severity.ODD, "is not known")]
