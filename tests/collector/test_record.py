"""Ids: a new one sorts by time, a caller's own is kept, and the same key of the same site is always the same id."""

import uuid
from datetime import UTC, datetime

import pytest

from collector.record import uuid7, uuid8

NOW = datetime(2026, 11, 22, 10, 0, 0, 123_000, tzinfo=UTC)


def test_a_new_id_is_a_version_7_uuid_that_begins_with_its_time():
    made = uuid.UUID(uuid7(NOW))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == int(NOW.timestamp() * 1000)


def test_new_ids_differ_within_a_millisecond():
    assert len({uuid7(NOW) for _ in range(1000)}) == 1000


def test_a_derived_id_is_a_version_8_uuid_and_repeats():
    made = uuid.UUID(uuid8("main", "shop.example", "order-7"))
    assert (made.version, made.variant) == (8, uuid.RFC_4122)
    assert uuid8("main", "shop.example", "order-7") == str(made)


@pytest.mark.parametrize("other", [("b", "x", "1"), ("a", "y", "1"), ("a", "x", "2"), ("a", "x\0", "1")])
def test_other_parts_make_another_id(other: tuple[str, str, str]):
    assert uuid8(*other) != uuid8("a", "x", "1")
