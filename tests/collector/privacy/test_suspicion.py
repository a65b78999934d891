"""What a search for people takes for one: whatever the redactor takes out, and nothing of what it leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.privacy.redact import clean
from collector.privacy.suspicion import Suspicion, suspicions
from collector.privacy.url import reduce_url

PIECES = ("a", "1", ".", "/", ":", "%", "25", "40", "@", "%40", "-", " ", "\u00e9", "203.0.113.9", "2001:db8::9", "j@x.example")
TEXTS = st.lists(st.sampled_from((*PIECES, "Mozilla/5.0 (")), max_size=40).map("".join)


@given(TEXTS)
def test_what_the_redactor_has_seen_is_never_suspicious(text: str):
    assert suspicions(clean(text, 2000)) == frozenset()


@given(TEXTS)
def test_a_path_that_is_stored_is_never_suspicious(text: str):
    assert suspicions(reduce_url(f"/{text}").path) == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "/u/[email]/[ip]",
        "2026-11-22T13:45:00.123+00:00",
        "019ab5e1-7b10-7c3a-9d51-0f6a2c8e4b72",
        "v4.17.21.0 of 2026",
        "[4711] 2026/11/22 13:45:00.123456 [INF] Server is ready",
        "Firefox on Linux",
        "/what-is-mozilla/5.0",
    ],
)
def test_what_is_stored_by_design_is_not_suspicious(text: str):
    assert suspicions(text) == frozenset()


def test_a_text_of_any_length_is_looked_through():
    for length in (0, 4090, 9000, 100_000):
        assert suspicions("/" * length + " 203.0.113.9 x" + " /" * length) == {Suspicion.ADDRESS}
