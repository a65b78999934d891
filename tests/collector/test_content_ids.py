"""An item without an id of its own, but with a time: known when it comes again, and by nobody who lacks the tenant's secret."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from collector.arrival import Arrival, Head
from collector.dialects import bilan, minigem, nodash
from collector.hit import A_PAGE, Hit
from collector.privacy.enrich.lists import Lists
from collector.privacy.forget import forget
from collector.privacy.pseudonym import SECRET_BYTES, TenantSecret
from collector.sites import Rules, Site
from contracts.control.sites import Identity

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
OURS, THEIRS = (TenantSecret(key=letter * SECRET_BYTES) for letter in (b"a", b"b"))
# What each dialect reads such an item with, and the item.
ITEMS: dict[str, tuple[Callable[[Arrival], Any], dict[str, Any]]] = {
    "bilan": (
        bilan.read_events,
        {"eventType": "vote_cast", "userId": "u1", "timestamp": 1795316781570, "properties": {"value": 1}},
    ),
    "minigem": (
        minigem.read_telemetry,
        {"schema": "jwc.v1", "anon": "u1", "evt": "opened", "t": 1795316781570, "m": {"exit": 0}},
    ),
    "nodash track": (nodash.read_track, {"event": "opened", "userId": "u1", "timestamp": "2026-11-22T03:06:21Z"}),
    "nodash identify": (nodash.read_identify, {"userId": "u1", "timestamp": "2026-11-22T03:06:21Z", "traits": {"plan": "pro"}}),
}


@pytest.fixture(scope="module")
def lists() -> Lists:
    return Lists.load()


@pytest.mark.parametrize("system", ITEMS)
def test_a_resent_item_has_its_id_again_whatever_the_order_of_its_members(lists: Lists, system: str):
    read, item = ITEMS[system]
    ids = {id_of(lists, read, said) for said in (item, dict(reversed(item.items())))}
    assert len(ids) == 1
    assert id_of(lists, read, item | {"anon" if system == "minigem" else "userId": "u2"}) not in ids


@pytest.mark.parametrize("system", ITEMS)
def test_whoever_guesses_an_item_needs_the_tenants_secret_to_see_that_it_is_the_one(lists: Lists, system: str):
    read, item = ITEMS[system]
    assert id_of(lists, read, item, secret=OURS) != id_of(lists, read, item, secret=THEIRS)
    assert id_of(lists, read, item, site="one.example") != id_of(lists, read, item, site="two.example")


@pytest.mark.parametrize("system", ITEMS)
def test_where_the_policy_names_nobody_each_arrival_is_a_fact_of_its_own(lists: Lists, system: str):
    read, item = ITEMS[system]
    ids = {id_of(lists, read, item, policy=Identity.ANONYMOUS) for _ in range(2)}
    assert {id_[14] for id_ in ids} == {"7"}, "made of the time of arrival and of chance, and of nothing that was said"
    assert len(ids) == 2


def id_of(
    lists: Lists,
    read: Callable[[Arrival], Any],
    item: dict[str, Any],
    *,
    secret: TenantSecret = OURS,
    site: str = "app.example",
    policy: Identity = Identity.PSEUDONYMOUS,
) -> str:
    """Return the id of the fact that *item* becomes."""
    head = Head(method="POST", path="/", query=b"", headers={b"content-type": b"application/json"}, ip="203.0.113.7")
    arrival = Arrival(head=head, sender=A_PAGE, received_at=NOW, body=json.dumps(item).encode())
    (hit,) = (each if isinstance(each, Hit) else each() for each in read(arrival))
    return forget(hit, site=Site(tenant="t", id=site, rules=Rules(identity=policy)), salt=None, lists=lists, secret=secret).id
