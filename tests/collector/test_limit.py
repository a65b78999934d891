"""Who sends too much is told when to come back, before anything is done for them, and nobody else notices."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from msgspec import structs
from prometheus_client import REGISTRY

from collector.app import addresses
from collector.arrival import Head
from collector.hit import A_PAGE, Sender
from collector.ingest import Offer, open_ingest
from collector.limit import LimitByPace
from collector.outcomes import Refused
from collector.serving.role import asgi, operated
from collector.serving.table import AddressTable, Owner
from collector.settings import read_settings
from collector.sites import Site
from contracts.tallies import Ending
from tests.collector.ingest import ADDRESS, ROOM, Running, running
from tests.collector.toy import TOY, recognise

PAGE = {"domain": "shop.example", "pathname": "/"}
SECRET = Sender(credential="k1", tenant="main", is_server=True)
PUBLIC = structs.replace(SECRET, credential="k2", is_server=False)


class Metered:
    """Limits, and a clock that stands still until it is moved."""

    def __init__(self, **settings: int) -> None:
        self.now = 1000.0
        environment = {f"COLLECTOR_LIMIT_{name.upper()}": str(value) for name, value in settings.items()}
        self.limit = LimitByPace(read_settings(environment).limits, lambda: self.now)

    def let_in(self, times: int, sender: Sender = A_PAGE, ip: str = ADDRESS) -> int:
        return sum(self._is_let_in(sender, ip) for _ in range(times))

    def _is_let_in(self, sender: Sender, ip: str) -> bool:
        try:
            self.limit.of_request(sender, head(ip))
        except Refused:
            return False
        return True


def head(ip: str = ADDRESS) -> Head:
    return Head(method="POST", path="/api/event", query=b"", headers={}, ip=ip)


async def sent(collector: Running, times: int, **fields: Any) -> list[Response]:
    return [await collector.http.post("/api/event", json=PAGE | fields) for _ in range(times)]


def statuses(answers: Sequence[Response]) -> list[int]:
    return [answer.status_code for answer in answers]


def refusals() -> float:
    return REGISTRY.get_sample_value("collector_events_refused_total", {"reason": "rate_limited"}) or 0.0


async def test_who_sends_too_much_is_told_when_to_come_back_and_counted(stream_free_nats: str):
    before = refusals()
    async with running(stream_free_nats, {"COLLECTOR_LIMIT_ADDRESS": "6", "COLLECTOR_LIMIT_ADDRESS_BURST": "3"}) as collector:
        answers = await sent(collector, 5)
        tallied = [line for part in collector.ingest.teller.tally.changes() for line in part.lines]
    assert statuses(answers) == [204, 204, 204, 429, 429]
    last = answers[-1]
    assert last.json()["code"] == "rate_limited"
    assert 1 <= int(last.headers["retry-after"]) <= 10
    assert [last.headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining")] == ["3", "0"]
    assert 20 <= int(last.headers["x-ratelimit-reset"]) <= 30
    exposed = last.headers["access-control-expose-headers"]
    assert all(name in exposed for name in ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"))
    assert refusals() - before == 2
    assert [(line.reason, line.hits) for line in tallied if line.ending is Ending.REFUSED] == [("rate_limited", 2)]


async def test_a_refusal_comes_before_the_body_is_read(stream_free_nats: str):
    async with running(stream_free_nats, {"COLLECTOR_LIMIT_ADDRESS": "1", "COLLECTOR_LIMIT_ADDRESS_BURST": "1"}) as collector:
        await sent(collector, 1)
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            raise AssertionError("the body was asked for")

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        scope = {"type": "http", "method": "POST", "path": "/api/event", "query_string": b"", "headers": []}
        await collector.ingest.app(scope | {"client": (ADDRESS, 1)}, receive, send)
    assert said[0]["status"] == 429


async def test_who_tries_out_keys_is_limited_by_address(stream_free_nats: str):
    settings = read_settings(
        {"COLLECTOR_LIMIT_ADDRESS": "1", "COLLECTOR_LIMIT_ADDRESS_BURST": "3", "COLLECTOR_STREAM_MAX_BYTES": ROOM}
    )
    offer = Offer(dialects=TOY, recognise=recognise)
    async with open_ingest(settings, stream_free_nats, lambda: datetime.now(UTC), offer=offer) as ingest:
        transport = ASGITransport(ingest.app, client=(ADDRESS, 4711))  # type: ignore[arg-type]
        async with AsyncClient(transport=transport, base_url="http://collector") as http:
            paths = ["/toy/garden/settings"] * 5
            tried = [await http.get(path, headers={"X-Toy-Key": "a guess"}) for path in paths]
            known = await http.get(paths[0], headers={"X-Toy-Key": "good"})
    assert statuses(tried) == [401, 401, 401, 429, 429]
    assert (known.status_code, known.headers["x-ratelimit-limit"]) == (200, "3000")


async def test_a_flooded_site_takes_nothing_from_another(stream_free_nats: str):
    async with running(stream_free_nats, {"COLLECTOR_LIMIT_SITE": "60", "COLLECTOR_LIMIT_SITE_BURST": "5"}) as collector:
        flood, calm = [], []
        for _ in range(5):
            flood += await asyncio.gather(*(sent(collector, 1, domain="flooded.example") for _ in range(10)))
            calm += await sent(collector, 1, domain="calm.example")
        tallied = [line for part in collector.ingest.teller.tally.changes() for line in part.lines]
    assert statuses(calm) == [204] * 5
    assert [status for answers in flood for status in statuses(answers)].count(429) >= 40
    assert {line.site for line in tallied if line.ending is Ending.REFUSED} == {"flooded.example"}


async def test_who_sends_too_much_waits_for_the_refusal_and_nobody_waits_behind_them(
    stream_free_nats: str, monkeypatch: pytest.MonkeyPatch
):
    async with running(stream_free_nats, {"COLLECTOR_LIMIT_SITE": "6", "COLLECTOR_LIMIT_SITE_BURST": "1"}) as collector:
        assert statuses(await sent(collector, 1)) == [204]
        monkeypatch.setattr("collector.app.HELD_BACK_SECONDS", 3600.0)
        flood = [asyncio.ensure_future(collector.http.post("/api/event", json=PAGE)) for _ in range(20)]
        try:
            assert statuses(await sent(collector, 1, domain="quiet.example")) == [204]
            assert not any(each.done() for each in flood)
        finally:
            for each in flood:
                each.cancel()
            await asyncio.gather(*flood, return_exceptions=True)


async def test_a_batch_counts_by_its_events(stream_free_nats: str):
    limits = {"COLLECTOR_LIMIT_ADDRESS": "60", "COLLECTOR_LIMIT_ADDRESS_BURST": "10"}
    async with running(stream_free_nats, limits) as collector:
        whole = await collector.http.post("/api/events/batch", json={"events": [PAGE] * 40})
        (after,) = await sent(collector, 1)
    assert (whole.status_code, whole.json()["stored"]) == (200, 40)
    assert (after.status_code, after.headers["retry-after"]) == (429, "31")


async def test_a_batch_of_which_a_part_is_too_much_is_no_success_and_can_be_sent_again(stream_free_nats: str):
    events = [PAGE | {"id": f"batch {number}"} for number in range(5)]
    async with running(stream_free_nats, {"COLLECTOR_LIMIT_SITE": "600", "COLLECTOR_LIMIT_SITE_BURST": "3"}) as collector:
        answer = await collector.http.post("/api/events/batch", json={"events": events})
    async with running(stream_free_nats) as collector:
        again = await collector.http.post("/api/events/batch", json={"events": events})
        count = await collector.count()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert {name: answer.json()[name] for name in ("stored", "refused")} == {"stored": 3, "refused": 2}
    assert [result.get("reason") for result in answer.json()["results"]] == [None] * 3 + ["rate_limited"] * 2
    assert (again.status_code, again.json()["stored"], count) == (200, 5, 5)


async def test_health_metrics_and_the_snippet_are_never_limited(stream_free_nats: str):
    async with running(stream_free_nats, {"COLLECTOR_LIMIT_ADDRESS": "1", "COLLECTOR_LIMIT_ADDRESS_BURST": "1"}) as collector:

        async def checks() -> dict[str, str]:
            return collector.ingest.checks()

        table = AddressTable({Owner.INGEST: addresses()})
        app = operated(asgi(collector.ingest.app), table, read_settings({}).http, role="ingest", checks=checks)
        transport = ASGITransport(app, client=(ADDRESS, 4711))  # type: ignore[arg-type]
        async with AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
            events = [await http.post("/api/event", json=PAGE) for _ in range(3)]
            paths = ("/livez", "/readyz", "/health", "/healthz", "/metrics", "/js/c.js")
            others = [await http.get(path) for path in paths for _ in range(5)]
    assert statuses(events) == [204, 429, 429]
    assert set(statuses(others)) == {200}


async def test_a_limit_that_is_raised_takes_what_was_refused(stream_free_nats: str):
    tight, raised = ({"COLLECTOR_LIMIT_ADDRESS": "1", "COLLECTOR_LIMIT_ADDRESS_BURST": burst} for burst in ("1", "9"))
    async with running(stream_free_nats, tight) as collector:
        refused = await sent(collector, 2)
    async with running(stream_free_nats, raised) as collector:
        taken = await sent(collector, 9)
    assert statuses(refused) == [204, 429]
    assert statuses(taken) == [204] * 9


async def test_a_page_hears_what_is_left_once_half_of_it_is_used_up(stream_free_nats: str):
    async with running(stream_free_nats, {"COLLECTOR_LIMIT_ADDRESS": "1", "COLLECTOR_LIMIT_ADDRESS_BURST": "5"}) as collector:
        answers = await sent(collector, 5)
        malformed = await collector.http.post("/api/event", content=b"{")
    assert [answer.headers.get("x-ratelimit-remaining") for answer in answers] == [None, None, "2", "1", "0"]
    assert malformed.status_code == 429, "what cannot be read counts, too"


def test_a_key_hears_what_is_left_from_the_first():
    metered = Metered(key=60, key_burst=100)
    quotas = [metered.limit.of_request(SECRET, head()) for _ in range(2)]
    assert [quota and (quota.limit, quota.remaining, quota.reset) for quota in quotas] == [(100, 99, 1), (100, 98, 2)]
    quota = metered.limit.of_further_hits(SECRET, head(), 40)
    assert quota is not None
    assert quota.remaining == 58


def test_a_secret_key_is_one_sender_wherever_it_is_used_and_a_public_one_is_many():
    metered = Metered(key=60, key_burst=20, address=60, address_burst=5)
    assert metered.let_in(30, SECRET) == 20
    assert metered.let_in(30, PUBLIC) == 5
    assert metered.let_in(30, PUBLIC, "198.51.100.1") == 5
    assert metered.let_in(30, structs.replace(SECRET, credential="k3"), "198.51.100.1") == 20


def test_a_key_in_the_body_counts_like_one_in_the_head():
    metered = Metered(key=60, key_burst=5)
    for _ in range(5):
        metered.limit.of_key_in_body(SECRET)
    assert metered.let_in(1, SECRET) == 0
    with pytest.raises(Refused):
        metered.limit.of_key_in_body(SECRET)


@pytest.mark.parametrize(
    ("one", "another", "let_in"),
    [
        ("203.0.113.7", "203.0.113.8", 1),
        ("2001:db8::1", "2001:db8::ffff:2", 0),
        ("2001:db8::1", "2001:db8:0:1::1", 1),
    ],
)
def test_an_ipv4_address_is_one_sender_and_so_is_a_network_of_ipv6(one: str, another: str, let_in: int):
    metered = Metered(address=60, address_burst=1)
    assert metered.let_in(1, ip=one) == 1
    assert metered.let_in(1, ip=another) == let_in


@pytest.mark.parametrize(
    "ip", ["127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "172.31.9.9", "192.168.1.1", "169.254.1.1", "fd00::1", "fe80::1", ""]
)
def test_what_may_be_a_proxy_that_nobody_named_is_not_refused_for_all_who_are_behind_it(ip: str):
    assert Metered(address=1, address_burst=1).let_in(50, ip=ip) == 50


@pytest.mark.parametrize("ip", ["172.15.0.1", "172.32.0.1", "11.0.0.1", "100.1.2.3", "2001:db8::1"])
def test_a_public_address_is_limited(ip: str):
    assert Metered(address=1, address_burst=1).let_in(50, ip=ip) == 1


def test_nothing_is_limited_where_the_settings_say_so():
    metered = Metered(address=0, key=0, site=0)
    assert metered.let_in(20_000) + metered.let_in(20_000, PUBLIC) == 40_000
    for _ in range(20_000):
        metered.limit.of_site(Site(tenant="main", id="shop.example"))
    assert metered.limit.of_further_hits(SECRET, head(), 9) is None


def test_an_honest_small_site_meets_no_limit():
    metered = Metered()
    for _ in range(60):  # an office: three hundred people behind one address, four hits each a minute
        assert metered.let_in(20) == 20
        metered.now += 1
    assert metered.let_in(1) == 1


def test_tenants_sites_of_one_name_are_two():
    metered = Metered(site=1, site_burst=1)
    for tenant in ("one", "two"):
        metered.limit.of_site(Site(tenant=tenant, id="shop.example"))
    with pytest.raises(Refused):
        metered.limit.of_site(Site(tenant="one", id="shop.example"))


def test_no_address_is_kept():
    metered = Metered()
    metered.let_in(3)
    metered.let_in(3, ip="2001:db8::1")
    pace = metered.limit._addresses
    assert pace is not None
    assert all(isinstance(who, int) for who in (*pace._level.young, *pace._level._old))
