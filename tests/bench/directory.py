"""Directory: what keys cost a request, how long 100,000 sites take to be read at the start, and what one holds in memory."""

import asyncio
import gc
import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

import psutil

from collector.control.directory import Directory
from collector.control.follow import Follower
from collector.stream.connection import Connection, ask, connect, disconnect
from contracts.control import CONTROL_CODEC, keys, sites, tenants
from contracts.control.envelope import ControlEvent
from contracts.control.stream import CONTROL_STREAM, control_settings, subject_of
from contracts.jetstream import read_answer
from contracts.keys import digest_of
from tests.bench.figure import Aim, Figure, figure, interleaved
from tests.bench.ingest import CONNECTIONS
from tests.bench.processes import Process, load, role
from tests.bench.stage import Stage
from tests.bench.traffic import SITE, bench_key
from tests.bench.world import World, empty_stream, no_streams, run

SITES = 100_000
KEYS = (10, 100_000)
TENANT = "main"
AT = datetime(2026, 11, 20, tzinfo=UTC)
BATCH = 1000
KEYED_AIM = Aim(at_least=0.85)


def measure(world: World) -> Sequence[Figure]:
    """Load one server with and without keys, with few and with many of them known; then read as many sites."""
    figures: list[Figure] = []
    for count in (KEYS[0], world.of(KEYS[1])):
        run(have(world.nats.url, itertools.chain(tenant(), site(SITE), keys_issued(count))))
        with role("serve", world.launcher, world.folder, NATS_URL=world.nats.url) as process:
            figures += _costs_ofkeys_issued(world, process, count)
    count = world.of(SITES)
    run(have(world.nats.url, itertools.chain(tenant(), *(site(f"site-{number}.example") for number in range(count)))))
    figures += run(_caught_up(world.nats.url, count))
    run(no_streams(world.nats.url))
    return figures


def _costs_ofkeys_issued(world: World, process: Process, count: int) -> list[Figure]:
    seconds = 0.8 if world.is_quick else 3.0
    contestants = {
        "no key": partial(load, process, "singles", connections=CONNECTIONS, seconds=seconds),
        "a key": partial(load, process, "keyed", connections=CONNECTIONS, seconds=seconds, first=count),
    }
    samples = interleaved(9, contestants)
    for name, loads in samples.items():
        refused = [each.result.answers for each in loads if each.result.total != each.result.successes]
        assert not refused, f"{name} was refused: {refused}"
    rates = {name: [each.result.rate for each in loads] for name, loads in samples.items()}
    costs = {name: [each.cpu_microseconds for each in loads] for name, loads in samples.items()}
    return [
        figure(f"with a key of {count:,}", rates["a key"], "req/s", beside=("no key", rates["no key"]), aim=KEYED_AIM),
        figure(f"with a key of {count:,}, CPU", costs["a key"], "µs/req", beside=("no key", costs["no key"])),
    ]


async def _caught_up(nats_url: str, count: int) -> list[Figure]:
    client = await connect(nats_url, on_loss=lambda: None)
    memory = psutil.Process().memory_info
    gc.collect()
    before, began = memory().rss, time.perf_counter()
    directory = Directory()
    await Follower(client, directory).catch_up()
    seconds = time.perf_counter() - began
    gc.collect()
    held = (memory().rss - before) / count
    assert len(directory.things.by_name) == count
    await disconnect(client)
    return [
        figure(f"{count:,} sites read at the start", [seconds], "s"),
        figure("a site in memory", [held], "bytes"),
    ]


def tenant() -> Iterator[ControlEvent]:
    """Yield how the tenant was added."""
    yield tenants.TenantAdded(originator_id=tenants.tenant_id(TENANT), originator_version=1, at=AT, by="here")


def site(key: str) -> Iterator[ControlEvent]:
    """Yield how the site *key* was added, with its name."""
    of, claim = sites.site_id(TENANT, key), sites.name_id(key)
    yield sites.SiteAdded(originator_id=of, originator_version=1, at=AT, by="here", tenant=TENANT, key=key)
    yield sites.SiteNamed(originator_id=of, originator_version=2, at=AT, by="here", name=key)
    yield sites.NameClaimed(originator_id=claim, originator_version=1, at=AT, by="here", tenant=TENANT, key=key)


def keys_issued(count: int, site: str | None = None) -> Iterator[ControlEvent]:
    """Yield how *count* keys were issued, for *site* or for all of them."""
    for number in range(count):
        yield keys.KeyIssued(
            originator_id=keys.key_id(f"{number:x}"),
            originator_version=1,
            at=AT,
            by="here",
            tenant=TENANT,
            kind=keys.KeyKind.PUBLIC,
            scopes=(keys.Scope.INGEST,),
            digest=digest_of(bench_key(number)),
            site=site,
        )


async def have(nats_url: str, events: Iterable[ControlEvent]) -> None:
    """Have a stream of control events that holds *events*, and an empty one of facts."""
    await no_streams(nats_url)
    await empty_stream(nats_url)
    client = await connect(nats_url, on_loss=lambda: None)
    await ask(client, f"STREAM.CREATE.{CONTROL_STREAM.name}", control_settings(replicas=1))
    every = iter(events)
    for number in itertools.count():
        batch = list(itertools.islice(every, BATCH))
        if not batch:
            break
        await _store(client, f"bench-{number}", batch)
    await disconnect(client)


async def _store(client: Connection, name: str, batch: list[ControlEvent]) -> None:
    """Store *batch* at once (ADR-50)."""
    for number, event in enumerate(batch, 1):
        subject, body = subject_of(event.originator_id, event.originator_version), CONTROL_CODEC.encode(event)
        headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
        if number < len(batch):
            await client.publish(subject, body, headers=headers)
            continue
        answer = await client.request(subject, body, timeout=30, headers=headers | {"Nats-Batch-Commit": "1"})
        read_answer(answer.data)
    await asyncio.sleep(0)


STAGE = Stage(
    name="directory",
    says="Pageviews with a key of 10 and of 100,000 beside such without one; 100,000 sites read at the start.",
    measure=measure,
)
