"""Who a line is about: the address is found wherever it stands, and where none stands the line is nobody's."""

import pytest

from collector.imports.accesslog.client import Clients
from collector.imports.accesslog.formats import Format, reader_of
from collector.imports.accesslog.request import Request
from collector.imports.accesslog.skip import Skipped, SkipReason
from collector.privacy.client_ip import TrustedProxies
from tests.collector.imports.logs import line

V4, OTHER, V6, PROXY, EDGE = "198.51.100.7", "203.0.113.9", "2001:db8::7", "10.0.0.9", "10.0.0.2"
NAME = "pool-7.isp.example"
REST = line(ip="").removeprefix(" - -")  # from the time on
ISO = "2026-11-24T10:00:00.123456780Z"


def read(text: str) -> Request:
    return reader_of(Format.AUTO)(text.encode())


def client(text: str, *trusted: str) -> str | SkipReason:
    try:
        return Clients(TrustedProxies.parse(trusted)).client_of(read(text)).ip
    except Skipped as skipped:
        return skipped.reason


# What is written in front of a line, by whom.
PREFIXES = {
    "nothing": "",
    "syslog": "Nov 24 10:00:00 web1 nginx: ",
    "syslog, a day of one digit": "Nov  4 10:00:00 web1 nginx: ",
    "syslog, with a priority": "<190>Nov 24 10:00:00 web1 nginx: ",
    "syslog, with a process": "Nov 24 10:00:00 web1 nginx[4711]: ",
    "syslog, of a relay that is an address": f"Nov 24 10:00:00 {EDGE} nginx: ",
    "syslog, of a host with dots": "Nov 24 10:00:00 web1.shop.example nginx: ",
    "rsyslog, ISO": "2026-11-24T10:00:00.123456+01:00 web1.shop.example nginx: ",
    "rsyslog, RFC 5424": "<190>1 2026-11-24T10:00:00.003Z web1.shop.example nginx 4711 - - ",
    "RFC 5424, of an address": f'<190>1 2026-11-24T10:00:00.003Z {EDGE} nginx - ID47 [a@1 b="c"][d@1] \ufeff',
    "the journal": "Nov 24 10:00:00 web1 nginx[4711]: ",
    "the journal, ISO": "2026-11-24T10:00:00+0100 web1 nginx[4711]: ",
    "the journal, in full": "Tue 2026-11-24 10:00:00 UTC web1 nginx[4711]: ",
    "the journal, in seconds": "1764000000.123456 web1 nginx[4711]: ",
    "Docker, with times": f"{ISO} ",
    "Docker's driver for syslog": "Nov 24 10:00:00 node1 3f2a1b9c0d4e[812]: ",
    "compose": "web-1  | ",
    "compose, of old": "shop_web_1  | ",
    "compose, in colour": "\x1b[36mweb-1  | \x1b[0m",
    "compose, with times": f"web-1  | {ISO} ",
    "a service of Docker": "shop_web.1.k3j2h1g0f9e8@node-1    | ",
    "containerd": f"{ISO} stdout F ",
    "CRI, to the other stream": f"{ISO} stderr F ",
    "kubectl --prefix": "[pod/web-7d9f4c5b6-x2x4z/nginx] ",
    "stern": "web-7d9f4c5b6-x2x4z nginx ",
    "a pod's and a container's name": "web-7d9f4c5b6-x2x4z nginx | ",
    "a duration": "336 ",
    "a duration in seconds": "0.336 ",
    "a duration with its unit": "336ms ",
    "a number of the request": "8f14e45fceea167a5a36dedd4bea2543 ",
    "a number of the request, as a UUID": "1c1f3a9e-7a57-4d0c-9f5e-0a8b3b0a4f51 ",
    "an empty list": "- ",
    "a search": "access.log:",
    "a search, with numbers": "/var/log/nginx/access.log.1:12:",
    "a search in one file": "12:",
    "time and duration": f"{ISO} 336 ",
    "the journal of containers": "Nov 24 10:00:00 node1 dockerd[812]: web-1  | ",
}
ADDRESSES = {
    V4: V4,
    V6: V6,
    f"[{V6}]": V6,
    f"[{V6}]:4711": V6,
    f"{V4}:4711": V4,
    f"::ffff:{V4}": V4,
    "2001:DB8:0:0::7": V6,
    "fe80::7%eth0": "fe80::7",
}


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES)
@pytest.mark.parametrize("vhost", ["", "shop.example ", "shop.example:443 "])
def test_whatever_stands_in_front_of_a_line_is_nobody(prefix: str, vhost: str):
    # Behind a number and a colon the one is a part of the other.
    for ip in (V4,) if prefix.endswith(":") else (V4, V6):
        request = read(f"{prefix}{line(ip=ip, vhost=vhost)}")
        assert (request.peers, request.vhost) == ((ip,), vhost.partition(":")[0].strip())


@pytest.mark.parametrize("prefix", [prefix for prefix in PREFIXES.values() if not prefix.endswith(":")])
def test_a_name_that_was_looked_up_is_somebody(prefix: str):
    assert client(f"{prefix}{line(ip=NAME)}") == NAME
    request = read(f"{prefix}{line(ip=NAME, vhost='shop.example ')}")
    assert (request.peers, request.vhost) == ((NAME,), "shop.example")


@pytest.mark.parametrize(("written", "meant"), ADDRESSES.items())
def test_an_address_has_one_spelling(written: str, meant: str):
    assert client(line(ip=written)) == meant


@pytest.mark.parametrize(
    ("head", "peer", "vhost"),
    [
        (f"{V4} shop.example -", V4, "shop.example"),  # lighttpd
        (f"{NAME} shop.example -", NAME, "shop.example"),
        (f"{V4} - - -", V4, ""),
        (f"{V4} - alice", V4, ""),
        (f"{V4} - alice.smith.example", V4, ""),
        (f"{V4} alice smith", V4, ""),
        (f"{V4} - Alice B. Smith", V4, ""),
        (f"{V4} - x: {OTHER} -", V4, ""),  # a client may send any name
        (f"{V4} - web-1 | {OTHER} -", V4, ""),
        (f"shop.example {V4} - x: {OTHER} -", V4, "shop.example"),
        (f"web1 {V4} - x: {OTHER} - -", V4, ""),
        (f"{OTHER}:443 {V4} - -", V4, OTHER),  # a virtual host without a name
        (f"{NAME} - -", NAME, ""),
        ("localhost - -", "localhost", ""),
        ("bücher.example 198.51.100.7 - -", V4, "bücher.example"),
        (f"intranet:8080 {V4} - -", V4, "intranet"),
        (f"2026/11/24 10:00:00 {V4} - -", V4, ""),
        (f"10:00 {V4} - -", V4, ""),
        (f"shop.example:443 336 {V4} - -", V4, ""),
        (f"{V4} {V4} - -", V4, ""),
        (f"({V4}) - -", V4, ""),
        (f'"{V4}" - -', V4, ""),
    ],
)
def test_the_words_around_the_client_are_told_apart(head: str, peer: str, vhost: str):
    text = f"{head}{REST}"
    assert client(text) == peer
    assert read(text).vhost == vhost


@pytest.mark.parametrize(
    "head",
    [
        "- - -",
        "unix: - -",
        "Nov - -",
        "nginx: - -",
        "336 - -",
        "8f14e45fceea167a5a36dedd4bea2543 - -",
        f"{ISO} - -",
        "0.336 - -",
        "v1.2.3 - -",
        "999.51.100.7 - -",
        "198.51.100 - -",
        "0.0.0.0 - -",
        ":: - -",
        "unknown - -",
        "REDACTED - -",
        "web1 nginx",
        "",
        "Nov 24 10:00:00 web1 nginx: - - -",
        "shop.example - - -",
        "<190>1 2026-11-24T10:00:00.003Z web1 nginx - - - - - -",
    ],
)
def test_what_is_no_address_is_never_somebody(head: str):
    assert client(f"{head}{REST}") is SkipReason.NO_CLIENT


def test_the_time_may_come_first():
    request = read(f"[24/Nov/2026:10:00:00 +0000] shop.example {V4} - - {line().partition('] ')[2]}")
    assert (request.peers, request.vhost) == ((V4,), "shop.example")


# The head, what stands behind the user agent, who is trusted, who it is then.
FORWARDED = {
    "nginx's own main format": (f"{PROXY} - -", f'"{V4}"', (PROXY,), V4),
    "two proxies": (f"{PROXY} - -", f'"{V4}, {EDGE}"', ("private",), V4),
    "what a client has written itself is not believed": (f"{PROXY} - -", f'"{OTHER}, {V4}"', (PROXY,), V4),
    "a proxy that is not trusted": (f"{PROXY} - -", f'"{V4}"', (), PROXY),
    "another proxy is trusted": (f"{PROXY} - -", f'"{V4}"', ("172.16.0.1",), PROXY),
    "somebody who comes without the proxy": (f"{V4} - -", f'"{OTHER}"', (PROXY,), V4),
    "somebody of a trusted network": (f"{PROXY} - -", f'"{EDGE}"', ("private",), EDGE),
    "with a port": (f"{PROXY} - -", f'"{V4}:4711"', (PROXY,), V4),
    "IPv6": (f"{PROXY} - -", f'"{V6}"', (PROXY,), V6),
    "IPv6 in brackets, with a port": (f"{PROXY} - -", f'"[{V6}]:4711"', (PROXY,), V6),
    "mapped": (f"::ffff:{PROXY} - -", f'"::ffff:{V4}"', (PROXY,), V4),
    "Forwarded": (f"{PROXY} - -", f'"for={V4};proto=https, for={EDGE}"', ("private",), V4),
    "after other fields": (f"{PROXY} - -", f'0.003 "-" "{V4}" 10.0.0.3:8080', (PROXY,), V4),
    "by its name": (f"{PROXY} - -", f'rt=0.003 ua="10.0.0.3:8080" xff="{V4}"', (PROXY,), V4),
    "without quotes": (f"{PROXY} - -", f"{V4}, {EDGE}", ("private",), V4),
    "the server that was asked is nobody": (f"{V4} - -", '"10.0.0.3:8080" 0.003', (PROXY,), V4),
    "behind a socket": ("unix: - -", f'"{V4}"', ("loopback",), V4),
    "behind a socket, as Python's servers have it": ("- - -", f'"{V4}"', ("127.0.0.1",), V4),
    "behind a socket that is not trusted": ("unix: - -", f'"{V4}"', (PROXY,), SkipReason.NO_CLIENT),
    "a list first": (f"{V4}, {EDGE} - -", "", ("private",), V4),
    "a list first, without a blank": (f"{V4},{EDGE} - -", "", ("private",), V4),
    "a list first, and nobody trusted": (f"{V4}, {EDGE} - -", "", (), SkipReason.SEVERAL_CLIENTS),
    "a list of one first": (f"{V4} - -", "", (), V4),
    "a list and the proxy": (f"{V4}, {EDGE} {PROXY} - -", "", ("private",), V4),
    "the proxy and a list": (f"{PROXY} {V4} - -", "", (PROXY,), V4),
    "an empty list and the proxy": (f"- {V4} - -", "", (PROXY,), V4),
    "a list in the user's place": (f"{PROXY} - {V4}", "", (PROXY,), V4),
    "an address of a server beside the client's": (f"{OTHER} {V4} - -", "", (), SkipReason.SEVERAL_CLIENTS),
    "the same, and the server is named": (f"{OTHER} {V4} - -", "", (OTHER,), V4),
    "the same, the other way round": (f"{V4} {OTHER} - -", "", (OTHER,), V4),
    "two addresses, and only others are trusted": (f"{OTHER} {V4} - -", "", ("private",), SkipReason.SEVERAL_CLIENTS),
    "a name with a list": (f"{NAME} - -", f'"{V4}"', (PROXY,), NAME),
    "what a client has sent is no address": (f"{PROXY} - -", f'"<script>, a b, {V4}"', (PROXY,), V4),
    "without a blank": (f"{PROXY} - -", f'"{V4},{EDGE}"', ("private",), V4),
    "with blanks around": (f"{PROXY} - -", f'"  {V4} , {EDGE} "', ("private",), V4),
    "something else in quotes": (f"{PROXY} - -", f'"https" "a, b" "{V4}"', (PROXY,), V4),
    "a list at the end goes before a user's name": (f"{PROXY} - {OTHER}", f'"{V4}"', (PROXY,), V4),
    "behind syslog": (f"Nov 24 10:00:00 web1 nginx: {PROXY} - -", f'"{V4}"', (PROXY,), V4),
}


@pytest.mark.parametrize(("head", "behind", "trusted", "who"), FORWARDED.values(), ids=FORWARDED)
def test_a_list_is_believed_as_far_as_proxies_are(head: str, behind: str, trusted: tuple[str, ...], who: str | SkipReason):
    assert client(f"{head}{REST} {behind}", *trusted) == who


@pytest.mark.parametrize(
    ("behind", "is_proxy"),
    [("", True), ('"-"', True), ('"unknown"', True), (f'"{V4}, unknown"', True), (f'"{V4}"', False), (f'"{EDGE}"', False)],
)
def test_a_trusted_proxy_that_names_nobody_is_known_as_one(behind: str, *, is_proxy: bool):
    found = Clients(TrustedProxies.parse(("private",))).client_of(read(f"{PROXY} - -{REST} {behind}"))
    assert found.is_proxy is is_proxy


@pytest.mark.parametrize(
    ("ip", "behind", "trusted", "is_doubtful"),
    [
        (PROXY, f'"{V4}"', (), True),
        (PROXY, f'"{V4}"', (PROXY,), False),
        (V4, f'"{V4}"', (), False),  # the server has resolved it itself
        (V4, f'"{OTHER}, {V4}"', (), False),
        (V4, '"-"', (), False),
        (V4, "", (), False),
    ],
)
def test_an_address_that_speaks_for_somebody_else_is_doubtful(
    ip: str, behind: str, trusted: tuple[str, ...], *, is_doubtful: bool
):
    found = Clients(TrustedProxies.parse(trusted)).client_of(read(f"{line(ip=ip)} {behind}"))
    assert found.is_doubtful is is_doubtful
