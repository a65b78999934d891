"""Several nats-servers in one setting: each address once, and who we are known to all of them where it can be."""

import pytest

from contracts.servers import read_servers


@pytest.mark.parametrize(
    ("text", "addresses", "login"),
    [
        ("nats://a:4222", ["nats://a:4222"], {}),
        ("nats://t@a:4222", ["nats://a:4222"], {"token": "t"}),
        ("nats://t@a:4222, nats://t@b:4222", ["nats://a:4222", "nats://b:4222"], {"token": "t"}),
        (
            "nats://u:p%40%2C@a:4222,tls://u:p%40%2C@[::1]:1",
            ["nats://a:4222", "tls://[::1]:1"],
            {"user": "u", "password": "p@,"},
        ),
        ("nats://t@a:4222,nats://b:4222", ["nats://a:4222", "nats://b:4222"], {"token": "t"}),
        ("nats://t@a:4222,nats://a:4222,", ["nats://a:4222"], {"token": "t"}),
        ("nats://t@a:4222,nats://u:p@b:4222", ["nats://t@a:4222", "nats://u:p@b:4222"], {}),
    ],
)
def test_one_login_is_for_every_server_and_different_ones_stay_with_theirs(
    text: str, addresses: list[str], login: dict[str, str]
):
    servers = read_servers(text)
    assert (sorted(servers.addresses), servers.login) == (sorted(addresses), login)
    assert "t" not in repr(servers).removeprefix("Servers"), "no token shows itself"


def test_what_a_cluster_says_of_itself_is_tried_after_what_we_were_told():
    servers = read_servers("nats://a:4222,nats://b:4222")
    order = servers.in_order(["nats://172.18.0.3:4222", "nats://b:4222", "nats://a:4222"])
    assert sorted(order[:2]) == ["nats://a:4222", "nats://b:4222"]
    assert order[2:] == ["nats://172.18.0.3:4222"]


def test_the_server_that_is_left_is_the_last_to_be_tried_again():
    servers = read_servers("nats://a:4222,nats://b:4222,nats://c:4222")
    orders = [servers.in_order(["nats://a:4222", "nats://d:4222", "nats://c:4222", "nats://b:4222"]) for _ in range(50)]
    assert {order[2] for order in orders} == {"nats://b:4222"}
    assert {order[0] for order in orders} == {"nats://a:4222", "nats://c:4222"}


def test_clients_spread_over_the_servers():
    servers = read_servers("nats://a:4222,nats://b:4222")
    assert {servers.options["servers"][0] for _ in range(100)} == {"nats://a:4222", "nats://b:4222"}
