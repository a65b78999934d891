"""Limits: what counting every hit of its address, key and site costs, beside the same walk that counts none."""

import itertools
import secrets
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

from collector.arrival import Head
from collector.hit import A_PAGE, Sender
from collector.limit import Limit, LimitByPace
from collector.settings import read_settings
from collector.sites import Site
from tests.bench.figure import Aim, Figure, figure, interleaved
from tests.bench.ingest import CONNECTIONS
from tests.bench.processes import LOOSE, Loaded, Process, load, role
from tests.bench.stage import Stage
from tests.bench.world import World, empty_stream, run

LIMITED, UNLIMITED = "with limits", "without"
NONE = {name.removeprefix("COLLECTOR_"): "0" for name in LOOSE if not name.endswith("_BURST")}
TRAFFIC = {"10 addresses": "of_ten_addresses", "100,000 addresses": "of_many_addresses"}
ROUNDS = 9
AIM = Aim(at_least=0.95)
CPU_AIM = Aim(at_most=1.05)
CALLS = 200_000
HOW_MANY = (10, 100_000)


def measure(world: World) -> Sequence[Figure]:
    """Load the product with and without limits in turn; then ask the limits alone."""
    run(empty_stream(world.nats.url))
    rounds, seconds = (3, 0.8) if world.is_quick else (ROUNDS, 2.0)
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(
                role("serve", world.launcher, world.folder, NATS_URL=world.nats.url, TRUSTED_PROXIES="loopback", **limits)
            )
            for name, limits in ((LIMITED, {}), (UNLIMITED, NONE))
        }
        walks = [each for whose in TRAFFIC for each in _walks(whose, servers, rounds, seconds)]
    return [*walks, *(each for count in HOW_MANY for each in _alone(count, rounds))]


def _walks(whose: str, servers: dict[str, Process], rounds: int, seconds: float) -> list[Figure]:
    contestants = {
        name: partial(load, server, TRAFFIC[whose], connections=CONNECTIONS, seconds=seconds)
        for name, server in servers.items()
    }
    for warm_up in contestants.values():
        warm_up()
    samples = interleaved(rounds, contestants)
    limited, unlimited = ([_unrefused(each) for each in samples[name]] for name in (LIMITED, UNLIMITED))
    rates = [[each.result.rate for each in loads] for loads in (limited, unlimited)]
    costs = [[each.cpu_microseconds for each in loads] for loads in (limited, unlimited)]
    return [
        figure(f"{whose}: durable single events", rates[0], "req/s", beside=(UNLIMITED, rates[1]), aim=AIM),
        figure(f"{whose}: CPU", costs[0], "µs/req", beside=(UNLIMITED, costs[1]), aim=CPU_AIM),
    ]


def _unrefused(loaded: Loaded) -> Loaded:
    assert loaded.result.total == loaded.result.successes, loaded.result.answers
    return loaded


def _alone(count: int, rounds: int) -> list[Figure]:
    limit = LimitByPace(read_settings(LOOSE).limits, time.monotonic)
    site = Site(tenant="main", id="bench.example")
    pages = [(A_PAGE, _head(f"93.{who >> 16}.{who >> 8 & 255}.{who & 255}")) for who in range(count)]
    keyed = [(Sender(credential=secrets.token_hex(8), tenant="main"), _head("93.1.2.3")) for _ in range(count)]
    return [
        figure(f"the limits alone, {count:,} {whose}", [_seconds(limit, senders, site) for _ in range(rounds)], "µs/req")
        for whose, senders in (("addresses", pages), ("keys", keyed))
    ]


def _head(ip: str) -> Head:
    return Head(method="POST", path="/api/event", query=b"", headers={}, ip=ip)


def _seconds(limit: Limit, senders: Sequence[tuple[Sender, Head]], site: Site) -> float:
    began = time.perf_counter()
    for sender, head in itertools.islice(itertools.cycle(senders), CALLS):
        limit.of_request(sender, head)
        limit.of_site(site)
    return (time.perf_counter() - began) / CALLS * 1e6


STAGE = Stage(
    name="limits",
    says="Durable single events of 10 and of 100,000 addresses behind a proxy, counted for the limits and not.",
    measure=measure,
)
