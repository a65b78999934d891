"""Who is of this machine, and which secret is the right one."""

import pytest

from contracts.access import PROXIED, bearer_of, host_named, is_loopback_host, is_proxied, same_secret


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:9"])
def test_this_machine_has_three_names(host: str):
    assert is_loopback_host(host)


OTHERS = """
127.0.0.2 ::1 0.0.0.0 [::] 127.1 2130706433 localhost. 127.0.0.1. [::1]. [::1 ::1] [[::1]]
localhost,evil localhost@evil evil@localhost localhost# localhost? localhost\\evil
localhost.evil.example 127.0.0.1.evil [::1].evil [::1]evil [::1]x evil.localhost xlocalhost localhost/
localhost:evil localhost:-1 localhost:80:80 [::1]:80:80 localhost:80.evil localhost:80@evil localhost:x@127.0.0.1
"""


@pytest.mark.parametrize(
    "host", [*OTHERS.split(), "", " localhost", "localhost\n", "localhost\0", "localhost evil", "localhost:\uff18"]
)
def test_no_other_name_is_this_machine(host: str):
    assert not is_loopback_host(host)


def test_a_host_is_named_by_the_whole_of_its_header():
    named = {
        "Stats.Example.org:443": "stats.example.org",
        "[::1]": "[::1]",
        "[::1]:80": "[::1]",
        "[FE80::1]:": "[fe80::1]",
        "a": "a",
    }
    assert {host: host_named(host) for host in named} == named
    nobody = [
        "",
        "a b",
        "a\n",
        "a:80:80",
        "a:b",
        "a@b",
        "a/b",
        "a,b",
        "[a",
        "::1",
        "[::1].evil",
        "[::1]evil",
        "[::1]:80:80",
        "[::1]:8@b",
    ]
    assert [host_named(host) for host in nobody] == [""] * len(nobody)


def test_whatever_a_proxy_adds_gives_it_away():
    assert all(is_proxied(["host", name]) for name in PROXIED)
    assert not is_proxied(["host", "accept"])


def test_a_secret_is_itself_alone():
    assert same_secret("é\udcff", "é\udcff")
    assert not any(same_secret(shown, "correct") for shown in ("", "Correct", "correct ", "correct\0"))


def test_a_bearer_is_read_whatever_its_case():
    assert [bearer_of(text) for text in ("Bearer a b", "bearer  x ", "Bearer", "Basic x", "")] == ["a b", "x", "", None, None]
