"""`collector sites erase` asks for the name, begins what ingest carries out, and everybody is told how far that is."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from click.testing import CliRunner, Result

from collector.cli import main
from collector.cli.checks.erasure import examine_erasure
from collector.cli.checks.finding import Severity
from collector.failure import Failure
from collector.local.nats import NatsServer
from contracts.control.sites import SiteState
from tests.collector.control.erasing import DOOMED, Installation, erasing_here, installed, until
from tests.running import clean_environment

HALF = 20


@pytest.fixture
async def installation(nats_server: Callable[[], NatsServer]) -> AsyncIterator[Installation]:
    async with installed(nats_server()) as made:
        await made.store_mixed(2 * HALF)
        yield made


async def sites(installation: Installation, *argv: str, typed: str = "") -> Result:
    """Run `collector sites`, with somebody at the keyboard."""
    environment = clean_environment(COLLECTOR_NATS_URL=installation.server.url, COLLECTOR_TENANT=DOOMED[0])
    command = main.get_command(None, "sites")
    return await asyncio.to_thread(lambda: CliRunner(env=environment).invoke(command, argv, input=typed))


@pytest.mark.parametrize("answer", [("--yes", "shop.example.org"), ()])
async def test_another_name_changes_nothing(installation: Installation, answer: tuple[str, ...]):
    done = await sites(installation, "erase", DOOMED[1], *answer, typed="shop\n")
    assert done.exit_code == 2
    assert "nothing has been changed" in done.output
    assert await installation.state() is SiteState.OPEN


async def test_a_site_that_is_none_is_not_erased(installation: Installation):
    done = await sites(installation, "erase", "none.example", "--yes", "none.example")
    assert isinstance(done.exception, Failure)


async def test_it_is_told_how_far_an_erasure_is_until_it_is_done(installation: Installation):
    assert [found async for found in examine_erasure(installation.server.url)] == []
    done = await sites(installation, "erase", DOOMED[1], typed=f"{DOOMED[1]}\n")
    assert done.exit_code == 0, done.output
    assert "Erasure: 0 of 40 messages of 1 site" in (await sites(installation, "show", DOOMED[1])).output
    again = await sites(installation, "erase", DOOMED[1], "--yes", DOOMED[1])
    assert again.exit_code == 0, again.output
    found = [found async for found in examine_erasure(installation.server.url)]
    assert [(each.severity, each.text) for each in found] == [(Severity.ODD, "0 of 40 messages of 1 site are erased")]
    async with erasing_here(installation.server):
        await until(installation.is_erased, "it is erased")
    assert [found async for found in examine_erasure(installation.server.url)] == []
