"""`--forward` of `collector stream` and `collector backfill`: Flowcore's form, the secret of the settings, and no table."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from collector.cli import backfill
from tests.facts import engagement, pageview
from tests.projections.forwarding.listener import Listener, listening
from tests.projections.world import Facts
from tests.running import COLLECTOR, clean_environment, eventually

SECRET = "a secret of the test"
NO_DATABASE = "postgresql://127.0.0.1:1/x"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
async def facts(stream_free_nats: str) -> AsyncIterator[Facts]:
    async with Facts(stream_free_nats) as made:
        yield made


def settings(facts: Facts) -> dict[str, str]:
    return {
        "COLLECTOR_NATS_URL": facts.nats_url,
        "COLLECTOR_DATABASE_URL": NO_DATABASE,
        "COLLECTOR_FORWARD_SECRET": SECRET,
    }


async def test_a_backfill_that_forwards_reads_and_needs_no_database(collector: Run, facts: Facts, listener: Listener):
    pages = [pageview(f"/{n}") for n in range(7)]
    await facts.publish(*pages, engagement())
    done = collector("backfill", "--forward", listener.url, **settings(facts))
    assert done.returncode == 0, done.stderr
    assert "Forwarded 7 events. 1 are of kinds that Flowcore's form has no place for." in done.stderr
    assert listener.taken == dict.fromkeys([page.id for page in pages], 1)
    assert {headers["X-Secret"] for _, headers, _ in listener.posts} == {SECRET}
    assert SECRET not in done.stderr + done.stdout


async def test_an_endpoint_that_stays_away_ends_a_backfill_with_what_to_do(facts: Facts, listener: Listener):
    await facts.publish(pageview("/"))
    listener.answers = lambda _: 401
    asked = ["--forward", listener.url]
    done = await asyncio.to_thread(CliRunner().invoke, backfill.command, asked, env=clean_environment(**settings(facts)))
    assert done.exit_code == 1
    assert "the endpoint answers 401; check COLLECTOR_FORWARD_SECRET. Run it again" in done.output


async def test_a_stream_that_forwards_sends_each_event_on_before_it_shows_it(facts: Facts, listener: Listener, tmp_path: Path):
    page = pageview("/seen")
    await facts.publish(page, pageview("/other", site="other.example"))
    argv = [*COLLECTOR, "stream", "--since", "1h", "--site", "example.org", "--forward", listener.url]
    watch(argv, clean_environment(**settings(facts)), tmp_path / "shown", until="/seen")
    assert listener.taken == {page.id: 1}


def watch(argv: list[str], environment: dict[str, str], output: Path, *, until: str) -> None:
    with output.open("wb") as into, subprocess.Popen(argv, stdout=into, stderr=into, env=environment) as watching:
        eventually(lambda: until in output.read_text(), "the event is shown")
        watching.terminate()


def test_without_a_secret_nothing_is_forwarded():
    asked = ["--forward", "http://127.0.0.1:1/api/transformer"]
    done = CliRunner().invoke(backfill.command, asked, env=clean_environment(COLLECTOR_NATS_URL="nats://127.0.0.1:1"))
    assert done.exit_code == 2
    assert "--forward needs COLLECTOR_FORWARD_SECRET" in done.output
