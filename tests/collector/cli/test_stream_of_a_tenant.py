"""`collector stream` shows the events of one tenant, and no metric says whose it is about."""

import signal
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tests.facts import pageview
from tests.projections.world import Facts
from tests.running import COLLECTOR, PATIENCE, clean_environment, eventually, run_collector


@pytest.fixture
async def facts(stream_free_nats: str) -> AsyncIterator[Facts]:
    async with Facts(stream_free_nats) as made:
        yield made


@pytest.mark.parametrize(("asked", "shown"), [([], "/main"), (["--tenant", "acme.example"], "/acme")])
async def test_it_shows_the_tenant_of_the_settings_or_the_one_that_is_named(
    facts: Facts, tmp_path: Path, asked: list[str], shown: str
):
    await facts.publish(pageview("/acme", tenant="acme.example"), pageview("/main"), pageview("/rival", tenant="rival"))
    lines = watched(facts.nats_url, tmp_path, asked, until=shown)
    assert [line.split()[4] for line in lines] == [f"example.org{shown}"]


async def test_an_imported_event_is_shown_with_its_own_day(facts: Facts, tmp_path: Path):
    await facts.publish(pageview("/long-ago", at=datetime(2019, 3, 1, 8, 30, tzinfo=UTC)))
    (line,) = watched(facts.nats_url, tmp_path, [], until="/long-ago")
    assert line.startswith("2019-03-01 08:30:00  example.org  page_viewed")


async def test_a_site_without_events_is_waited_for_aloud_and_one_that_is_none_is_refused(facts: Facts, tmp_path: Path):
    (line,) = watched(facts.nats_url, tmp_path, ["--site", "New.example"], until="waiting")
    assert line == "new.example has no events yet; waiting for the first."
    listed = {"COLLECTOR_NATS_URL": facts.nats_url, "COLLECTOR_DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    listed |= {"COLLECTOR_MODE": "production", "COLLECTOR_SITES": "shop.example"}
    for site, said in (("nosuch.example", "production collects for no other"), ("no such", "a site's name is a host")):
        refused = run_collector(tmp_path, "stream", "--site", site, **listed)
        assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr


def as_behind_an_ampersand() -> None:
    """Ignore interrupts, as a shell has a command do that a script starts with &."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def watched(nats_url: str, folder: Path, asked: list[str], *, until: str) -> list[str]:
    """Return the lines that are shown until one says *until*."""
    output = folder / "shown"
    environment = clean_environment() | {
        "COLLECTOR_NATS_URL": nats_url,
        "COLLECTOR_DATABASE_URL": "postgresql://127.0.0.1:1/x",
    }
    argv = [*COLLECTOR, "stream", "--since", "1h", *asked]
    with (
        output.open("wb") as into,
        subprocess.Popen(
            argv,
            stdout=into,
            stderr=into,
            env=environment,
            cwd=folder,
            preexec_fn=as_behind_an_ampersand,  # noqa: PLW1509  # one thread
        ) as tailing,
    ):
        eventually(lambda: until in output.read_text(), "what is waited for is shown")
        tailing.send_signal(signal.SIGINT)
        assert tailing.wait(PATIENCE) == 0, "an interrupt is heard also where a shell rules it out"
    return output.read_text().splitlines()


def test_no_metric_is_told_apart_by_tenant_site_or_key():
    import collector.cli.web  # noqa: F401, PLC0415  # everything that counts

    counting = [*REGISTRY._collector_to_names, *REGISTRY.collect()]
    labels = {name for one in counting for name in getattr(one, "_labelnames", ())}
    assert {"projection", "reason"} <= labels
    assert labels.isdisjoint({"site", "key", "member", "credential", "host"})
