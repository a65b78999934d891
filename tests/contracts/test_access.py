"""Who is of this machine, and which secret is the right one."""

import pytest

from contracts.access import PROXIED, bearer_of, is_loopback_host, is_proxied, same_secret


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:9"])
def test_this_machine_has_three_names(host: str):
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host", ["", "127.0.0.2", "localhost.evil.example", "localhost:evil", "localhost@evil", "::1", "[::1]x"]
)
def test_no_other_name_is_this_machine(host: str):
    assert not is_loopback_host(host)


def test_whatever_a_proxy_adds_gives_it_away():
    assert all(is_proxied(["host", name]) for name in PROXIED)
    assert not is_proxied(["host", "accept"])


def test_a_secret_is_itself_alone():
    assert same_secret("é\udcff", "é\udcff")
    assert not any(same_secret(shown, "correct") for shown in ("", "Correct", "correct ", "correct\0"))


def test_a_bearer_is_read_whatever_its_case():
    assert [bearer_of(text) for text in ("Bearer a b", "bearer  x ", "Bearer", "Basic x", "")] == ["a b", "x", "", None, None]
