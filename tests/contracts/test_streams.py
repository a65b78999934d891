"""Streams, subjects, shares and message ids: every site has one place, and no tenant can silence another."""

import pytest

from contracts.events import CATALOGUE
from contracts.streams import (
    BUCKETS,
    FAMILIES,
    FORMER_STREAM,
    EventStream,
    Family,
    bucket_of,
    changed_share,
    drift,
    message_id,
    share_of,
    stream_for,
    stream_settings,
    streams_of,
    subject_of,
)

WEB = EventStream(family="web")
SETTINGS = stream_settings(WEB, max_bytes=1 << 30, replicas=1)
MEBIBYTE = 1 << 20


def test_a_subject_names_family_bucket_tenant_site_and_type():
    bucket = bucket_of("main", "shop.example")
    subject = subject_of("web", "main", "shop.example", "page_viewed.v1")
    assert subject == f"events.web.{bucket}.main.shop/example.page_viewed/v1"


def test_two_sites_never_share_a_subject():
    assert subject_of("web", "main", "a.b", "x.v1") != subject_of("web", "main", "a-b", "x.v1")


def test_every_fact_belongs_to_a_family_with_streams():
    assert {fact.family for fact in CATALOGUE} <= {family.name for family in FAMILIES}


@pytest.mark.parametrize("partitions", [1, 2, 3, 64])
def test_every_bucket_belongs_to_exactly_one_partition(partitions: int):
    web = [stream for stream in streams_of(partitions=partitions) if stream.family == "web"]
    stored = [subject for stream in web for subject in stream.subjects]
    everything = ["events.web.>"] if partitions == 1 else [f"events.web.{bucket}.>" for bucket in range(BUCKETS)]
    assert sorted(stored) == sorted(everything)


@pytest.mark.parametrize("partitions", [2, 3, 64])
def test_a_sites_facts_lie_in_the_stream_that_stores_their_subject(partitions: int):
    for site in ("a.example", "b.example", "c.example", "d.example"):
        stream = stream_for("web", "main", site, partitions=partitions)
        bucket = subject_of("web", "main", site, "x.v1").split(".")[2]
        assert f"events.web.{bucket}.>" in stream.subjects


def test_no_stream_is_called_as_the_one_of_before():
    assert FORMER_STREAM not in {stream.name for stream in streams_of()}


def test_the_room_is_shared_out_by_weight():
    families = (Family(name="web", weight=3), Family(name="turns"))
    streams = streams_of(families, partitions=2)
    shares = {stream.name: share_of(stream, 800, families) for stream in streams}
    assert shares == {"EVENTS_WEB_0": 300, "EVENTS_WEB_1": 300, "EVENTS_TURNS_0": 100, "EVENTS_TURNS_1": 100}


@pytest.mark.parametrize(
    ("share", "now", "held", "limit"),
    [
        (800, 400, 0, 800),
        (400, 800, 0, 400),
        (400, 800, 500, 550),
        (400, 800, 790, 800),
        (400, 400, 399, 400),
    ],
    ids=["it may grow", "it may shrink", "never below what it holds and room", "nor above what it was", "nor does it creep"],
)
def test_a_changed_share_never_leaves_a_stream_without_room(share: int, now: int, held: int, limit: int):
    assert changed_share(share * MEBIBYTE, now=now * MEBIBYTE, held=held * MEBIBYTE) == limit * MEBIBYTE


def test_the_same_client_id_of_two_tenants_or_sites_is_two_messages():
    ids = {message_id("a", "x", "1"), message_id("b", "x", "1"), message_id("a", "y", "1")}
    assert len(ids) == 3


def test_a_stream_as_we_made_it_has_not_drifted():
    assert drift(SETTINGS, SETTINGS | {"created_by": "the server adds fields of its own"}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("discard", "old"), ("persist_mode", "async"), ("deny_purge", False), ("storage", "memory"), ("subjects", ["other.>"])],
)
def test_a_setting_that_a_promise_rests_on_is_named_when_it_drifts(name: str, value: object):
    (problem,) = drift(SETTINGS, SETTINGS | {name: value})
    assert problem.startswith(f"{name} is {value!r}")


@pytest.mark.parametrize(("name", "value"), [("max_bytes", 1 << 40), ("duplicate_window", 600_000_000_000)])
def test_another_limit_is_no_drift(name: str, value: int):
    assert drift(SETTINGS, SETTINGS | {name: value}) == []
