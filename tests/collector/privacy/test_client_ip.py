"""Whose address is it, and who may say so?"""

import pytest

from collector.privacy.client_ip import TrustedProxies, client_ip

NOBODY = TrustedProxies()
PROXIES = TrustedProxies.parse(["loopback", "private", "198.51.100.7", "2001:db8:ffff::/48"])


@pytest.mark.parametrize(
    ("peer", "canonical"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("", ""),
    ],
)
def test_nobody_is_trusted_by_default(peer: str, canonical: str):
    assert client_ip(peer, ["192.0.2.1"], NOBODY) == canonical


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ([], "127.0.0.1"),
        (["203.0.113.9"], "203.0.113.9"),
        (["192.0.2.66, 203.0.113.9"], "203.0.113.9"),  # the left one is the client's own invention
        (["192.0.2.66", "203.0.113.9"], "203.0.113.9"),  # in two headers
        (["203.0.113.9, 10.1.2.3, 198.51.100.7"], "203.0.113.9"),
        (["10.0.0.5, 10.1.2.3"], "10.0.0.5"),  # everybody is trusted: the furthest
        (["203.0.113.9:4711"], "203.0.113.9"),
        (["[2001:db8::1]:4711"], "2001:db8::1"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["2001:DB8::1%eth0"], "2001:db8::1"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9, ::ffff:10.1.2.3"], "203.0.113.9"),
        (["203.0.113.9, 2001:db8:ffff::3"], "203.0.113.9"),
        (["  203.0.113.9  "], "203.0.113.9"),
    ],
)
def test_a_trusted_peer_speaks_for_the_nearest_stranger(forwarded: list[str], client: str):
    assert client_ip("127.0.0.1", forwarded, PROXIES) == client


@pytest.mark.parametrize(
    "broken", ["unknown", "", "203.0.113", "203.0.113.09", "<script>", "203.0.113.9 10.0.0.1", "\0", "\ud800", "_hidden"]
)
def test_an_invalid_entry_ends_the_walk_at_the_last_trusted_hop(broken: str):
    assert client_ip("127.0.0.1", [f"203.0.113.9, {broken}, 10.1.2.3"], PROXIES) == "10.1.2.3"
    assert client_ip("127.0.0.1", [broken], PROXIES) == "127.0.0.1"


def test_an_untrusted_peer_speaks_for_itself():
    assert client_ip("203.0.113.9", ["192.0.2.1"], PROXIES) == "203.0.113.9"


def test_a_peer_without_an_address_is_not_trusted():
    assert client_ip("", ["192.0.2.1"], PROXIES) == ""


def test_a_network_may_be_written_by_any_of_its_addresses():
    assert client_ip("10.9.9.9", ["203.0.113.9"], TrustedProxies.parse(["10.1.2.3/8"])) == "203.0.113.9"


@pytest.mark.parametrize("text", ["localhost", "10.0.0.0/33", "*", "", "1.2.3"])
def test_what_names_no_network_is_refused_by_its_position(text: str):
    with pytest.raises(ValueError, match=r"^trusted proxy 2 is not .* loopback, private$"):
        TrustedProxies.parse(["127.0.0.1", text])


def test_a_trusted_proxy_without_a_list_names_its_client_and_a_stranger_does_not():
    assert client_ip("127.0.0.1", [], PROXIES, ["203.0.113.9", "198.51.100.7"]) == "203.0.113.9"
    assert client_ip("127.0.0.1", ["198.51.100.7"], PROXIES, ["203.0.113.9"]) == "198.51.100.7"
    assert client_ip("192.0.2.77", [], PROXIES, ["203.0.113.9"]) == "192.0.2.77"
    assert client_ip("127.0.0.1", [], PROXIES, ["nonsense"]) == "127.0.0.1"


def test_for_derived_ids_whoever_a_proxy_does_not_name_is_nobody():
    derived = TrustedProxies.parse(["loopback"], names_nobody=True)
    assert client_ip("127.0.0.1", [], derived) == ""
    assert client_ip("127.0.0.1", [], derived, ["203.0.113.9"]) == "203.0.113.9"
    assert client_ip("198.51.100.7", [], derived) == "198.51.100.7", "whoever comes without a proxy is somebody"
