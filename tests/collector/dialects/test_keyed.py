"""A key is looked for where the endpoint says, and nowhere else."""

import pytest

from collector.arrival import Head
from collector.dialects.keyed import key_in_head, key_in_head_or_query

NOTHING: dict[bytes, bytes] = {}


def head(headers: dict[bytes, bytes], query: bytes = b"") -> Head:
    return Head(method="POST", path="/", query=query, headers=headers, ip="192.0.2.1")


@pytest.mark.parametrize(
    ("headers", "query", "in_head", "in_either"),
    [
        (NOTHING, b"", None, None),
        (NOTHING, b"key=abc", None, "abc"),
        (NOTHING, b"monkey=abc", None, None),
        (NOTHING, b"key=%FF", None, ""),
        (NOTHING, b"key=", None, ""),
        ({b"x-api-key": b"abc"}, b"key=other", "abc", "abc"),
        ({b"x-api-key": b""}, b"key=other", "", ""),
        ({b"authorization": b"Bearer abc"}, b"", "abc", "abc"),
        ({b"x-api-key": b"abc", b"authorization": b"Bearer other"}, b"", "abc", "abc"),
    ],
)
def test_a_key_is_found_where_it_may_stand(
    headers: dict[bytes, bytes], query: bytes, in_head: str | None, in_either: str | None
):
    asked = head(headers, query)
    assert key_in_head(asked) == in_head
    assert key_in_head_or_query(asked) == in_either
