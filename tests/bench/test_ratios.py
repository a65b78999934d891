"""Gates for speed: each is a ratio to a ceiling measured in the same seconds, so a slow or busy machine changes nothing."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from collector.local.guarded import GuardedLauncher
from collector.local.nats import NatsServer
from collector.local.postgres import PostgresServer
from tests.bench.ceilings import HANDLER
from tests.bench.facts import fill_stream
from tests.bench.figure import median_ratio
from tests.bench.ingest import PRODUCT, compared, started
from tests.bench.noise import REPEATERS
from tests.bench.noise import compared as beside_noise
from tests.bench.projector import compared as projected
from tests.bench.world import World, empty_stream, run


@pytest.fixture
def world(
    session_nats: NatsServer, session_postgres: PostgresServer, launcher: GuardedLauncher, tmp_path: Path
) -> Iterator[World]:
    """The servers that every test shares."""
    run(empty_stream(session_nats.url))
    yield World(nats=session_nats, postgres=session_postgres, launcher=launcher, folder=tmp_path, is_quick=True)
    run(empty_stream(session_nats.url))


def test_a_durable_event_costs_no_more_than_a_few_empty_handlers(world: World):
    with ExitStack() as stack:
        samples = compared(started(world, stack, [HANDLER]), rounds=5, seconds=0.5)
    product, ceiling = ([each.result.rate for each in samples[name]] for name in (PRODUCT, HANDLER))
    assert median_ratio(product, ceiling) >= 0.2
    product, ceiling = ([each.cpu_microseconds for each in samples[name]] for name in (PRODUCT, HANDLER))
    assert median_ratio(product, ceiling) <= 4


def test_clients_that_repeat_one_id_leave_honest_writers_most_of_their_rate(world: World):
    with ExitStack() as stack:
        samples = beside_noise(started(world, stack, ())[PRODUCT], rounds=3, seconds=0.5)
    loudest = samples[f"beside {max(REPEATERS)} that repeat one id"]
    assert median_ratio(loudest, samples["alone"]) >= 0.5  # the aim is 0.9 (make bench); it was 0.3


def test_projecting_takes_no_more_than_a_few_times_what_fetching_takes(world: World):
    count = 10_000
    run(fill_stream(world.nats.url, count, count // 3))
    samples = projected(world, count, rounds=3)
    project, fetch = ([each.rate for each in samples[name]] for name in ("project", "fetch"))
    assert median_ratio(project, fetch) >= 0.2
