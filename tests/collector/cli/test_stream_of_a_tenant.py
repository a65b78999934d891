"""`collector stream` shows the events of one tenant, and no metric says whose it is about."""

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tests.facts import pageview
from tests.projections.world import Facts
from tests.running import COLLECTOR, clean_environment, eventually


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
    assert [line.split()[3] for line in lines] == [f"example.org{shown}"]


def watched(nats_url: str, folder: Path, asked: list[str], *, until: str) -> list[str]:
    """Return the lines that are shown until one says *until*."""
    output = folder / "shown"
    environment = clean_environment() | {
        "COLLECTOR_NATS_URL": nats_url,
        "COLLECTOR_DATABASE_URL": "postgresql://127.0.0.1:1/x",
    }
    argv = [*COLLECTOR, "stream", "--since", "1h", *asked]
    with output.open("wb") as into, subprocess.Popen(argv, stdout=into, stderr=into, env=environment, cwd=folder) as tailing:
        eventually(lambda: until in output.read_text(), "the tenant's own event is shown")
        tailing.terminate()
    return output.read_text().splitlines()


def test_no_metric_is_told_apart_by_tenant_site_or_key():
    import collector.cli.web  # noqa: F401, PLC0415  # everything that counts

    counting = [*REGISTRY._collector_to_names, *REGISTRY.collect()]
    labels = {name for one in counting for name in getattr(one, "_labelnames", ())}
    assert {"projection", "reason"} <= labels
    assert labels.isdisjoint({"site", "key", "member", "credential", "host"})
