"""Memory: what the whole product holds while a million events of as many visitors pass, or those of four families at once."""

import asyncio
import http.client
import itertools
import time
from collections.abc import Sequence
from contextlib import ExitStack

from collector.local.master_key import settle_master_key
from collector.stream.connection import connect, disconnect
from projections.projections import PROJECTIONS
from tests.bench.directory import have, keys_issued, site, tenant
from tests.bench.figure import Aim, Figure
from tests.bench.ingest import CONNECTIONS
from tests.bench.processes import Process, load, role
from tests.bench.stage import Stage
from tests.bench.traffic import FACTS_OF_FOUR, SITE
from tests.bench.world import World, empty_stream, fresh_database, no_streams, run
from tests.projections.world import connect_to_tables

EVENTS = 1_000_000
FRACTIONS = 10
# Asked for after every fraction, as somebody with the dashboard open does.
QUESTIONS = tuple(
    f"/api/stats/{SITE}/{question}?period=today"
    for question in ("overview", "timeseries", "breakdown/page", "breakdown/source", "realtime")
)
# How many facts of each family there are in one turn of that traffic, and who looks at them.
PER_TURN = {"web": 1, "turns": 10, "product": 1, "logs": 10}
OF_FAMILIES = (
    *(f"/sites/{SITE}/{page}" for page in ("turns", "actions", "logs")),
    *(f"/bilan/api/{answer}?site={SITE}" for answer in ("dashboard", "events", "analytics/votes", "analytics/turns")),
    *(f"/change66/api/v1/{answer}?site={SITE}" for answer in ("status", "logs/filter")),
    *(f"/v1/{what}/query?site={SITE}&limit=1000" for what in ("events", "users")),
    f"/minigem/stats?site={SITE}",
)
# Two of four requests are batches; nobody is to be refused.
FEWER = CONNECTIONS // 4
ROLES = ("serve", "project", "query")
PATIENCE = 900.0
POLL_SECONDS = 0.1
MEBIBYTE = 2**20
AIM = Aim(at_most=400.0)
# Of a million events with as many visitors in the second half of the run; caches are full long before.
FLAT = Aim(at_most=20.0)


def measure(world: World) -> Sequence[Figure]:
    """Run the three roles, send events fraction by fraction, and weigh them whenever everything is projected; twice."""
    run(empty_stream(world.nats.url))
    figures = run(_measure(world))
    run(have(world.nats.url, itertools.chain(tenant(), site(SITE), keys_issued(1, SITE))))
    figures += run(_measure_families(world))
    run(no_streams(world.nats.url))
    return figures


async def _measure(world: World) -> list[Figure]:
    async with fresh_database(world.postgres) as database_url:
        where = {"NATS_URL": world.nats.url, "DATABASE_URL": database_url, "TRUSTED_PROXIES": "loopback"}
        with ExitStack() as stack:
            roles = {name: stack.enter_context(role(name, world.launcher, world.folder, **where)) for name in ROLES}
            at_rest = _weigh(roles)
            began = time.perf_counter()
            weights = [await _fraction(world, roles, database_url, number) for number in range(FRACTIONS)]
            seconds = time.perf_counter() - began
    return _figures(world.of(EVENTS), at_rest, weights, seconds)


async def _measure_families(world: World) -> list[Figure]:
    """Weigh them after the facts of four families at once, and the pages and answers of each."""
    key_file, turns = world.folder / "master.key", world.of(EVENTS) // FACTS_OF_FOUR
    client = await connect(world.nats.url, on_loss=lambda: None)
    await settle_master_key(client, key_file, replicas=1)
    await disconnect(client)
    async with fresh_database(world.postgres) as database_url:
        where = {"NATS_URL": world.nats.url, "DATABASE_URL": database_url, "MASTER_KEY_FILE": str(key_file)}
        with ExitStack() as stack:
            roles = {name: stack.enter_context(role(name, world.launcher, world.folder, **where)) for name in ROLES}
            loaded = load(
                roles["serve"], "of_four_families", connections=FEWER, seconds=PATIENCE, requests=turns * len(PROJECTIONS)
            )
            assert loaded.result.successes == turns * len(PROJECTIONS), loaded.result.answers
            for projection in PROJECTIONS:
                await _projected(database_url, PER_TURN[projection.name] * turns, projection.name)
            for question in (*QUESTIONS, *OF_FAMILIES):
                _ask(roles["query"].port, question)
            weight = _weigh(roles)
    name = f"ingest + projector + query after {turns * FACTS_OF_FOUR:,} facts of four families"
    each = [Figure(name=f"the same, collector {role}", value=weight[role], unit="MiB") for role in ROLES]
    return [Figure(name=name, value=sum(weight.values()), unit="MiB", aim=AIM), *each]


async def _fraction(world: World, roles: dict[str, Process], database_url: str, number: int) -> dict[str, float]:
    share = world.of(EVENTS) // FRACTIONS
    loaded = load(roles["serve"], "strangers", connections=CONNECTIONS, seconds=PATIENCE, first=number * share, requests=share)
    assert loaded.result.successes == share, loaded.result.answers
    await _projected(database_url, (number + 1) * share)
    for question in QUESTIONS:
        _ask(roles["query"].port, question)
    return _weigh(roles)


def _ask(port: int, question: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", question, headers={"x-tenant-id": "main"})
    answer = connection.getresponse()
    assert answer.status == 200, f"{question} was answered with {answer.status}: {answer.read(200)}"
    connection.close()


async def _projected(database_url: str, count: int, projection: str = "web") -> None:
    connection = await connect_to_tables(database_url, projection)
    deadline = time.monotonic() + PATIENCE
    while await connection.fetchval("SELECT coalesce(sum(applied), 0) FROM positions") < count:
        assert time.monotonic() < deadline, "the projector does not keep up"
        await asyncio.sleep(POLL_SECONDS)
    await connection.close()


def _weigh(roles: dict[str, Process]) -> dict[str, float]:
    return {name: process.rss / MEBIBYTE for name, process in roles.items()}


def _figures(events: int, at_rest: dict[str, float], weights: list[dict[str, float]], seconds: float) -> list[Figure]:
    totals = [sum(weight.values()) for weight in weights]
    half = len(totals) // 2
    growth = (totals[-1] - totals[half - 1]) / (events * (len(totals) - half) / len(totals)) * 1e6
    each = [
        Figure(name=f"collector {name}", value=weights[-1][name], unit="MiB", low=at_rest[name], high=weights[-1][name])
        for name in ROLES
    ]
    return [
        Figure(name=f"ingest + projector + query after {events:,} events", value=totals[-1], unit="MiB", aim=AIM),
        Figure(name="the same at rest", value=sum(at_rest.values()), unit="MiB"),
        Figure(name="growth in the second half, per million events", value=growth, unit="MiB", aim=FLAT),
        *each,
        Figure(name="through all three roles", value=events / seconds, unit="events/s"),
    ]


STAGE = Stage(
    name="memory",
    says="RSS of ingest, projector and query while a million events of a million visitors on 100,000 paths pass; and after as "
    "many facts of four families at once (long).",
    measure=measure,
)
