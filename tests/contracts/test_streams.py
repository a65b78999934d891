"""Subjects, partitions and message ids: every site has one place, and no tenant can silence another."""

import pytest

from contracts.streams import (
    BUCKETS,
    bucket_of,
    drift,
    message_id,
    stream_settings,
    subject_of,
    subjects_of_partition,
)

SETTINGS = stream_settings(max_bytes=1 << 30, replicas=1)


def test_a_subject_names_bucket_tenant_site_and_type():
    bucket = bucket_of("main", "shop.example")
    assert subject_of("main", "shop.example", "page_viewed.v1") == f"events.v1.{bucket}.main.shop/example.page_viewed/v1"


def test_two_sites_never_share_a_subject():
    assert subject_of("main", "a.b", "x.v1") != subject_of("main", "a-b", "x.v1")


@pytest.mark.parametrize("partitions", [1, 2, 3, 64])
def test_every_bucket_belongs_to_exactly_one_partition(partitions: int):
    read = [subject for partition in range(partitions) for subject in subjects_of_partition(partition, partitions)]
    everything = ["events.v1.>"] if partitions == 1 else [f"events.v1.{bucket}.>" for bucket in range(BUCKETS)]
    assert sorted(read) == sorted(everything)


def test_the_same_client_id_of_two_tenants_or_sites_is_two_messages():
    ids = {message_id("a", "x", "1"), message_id("b", "x", "1"), message_id("a", "y", "1")}
    assert len(ids) == 3


def test_a_stream_as_we_made_it_has_not_drifted():
    assert drift(SETTINGS, SETTINGS | {"created_by": "the server adds fields of its own"}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("discard", "old"), ("persist_mode", "async"), ("duplicate_window", 1), ("deny_purge", False), ("storage", "memory")],
)
def test_a_setting_that_a_promise_rests_on_is_named_when_it_drifts(name: str, value: object):
    (problem,) = drift(SETTINGS, SETTINGS | {name: value})
    assert problem.startswith(f"{name} is {value!r}")


def test_a_larger_stream_is_no_drift():
    assert drift(SETTINGS, SETTINGS | {"max_bytes": 1 << 40}) == []
