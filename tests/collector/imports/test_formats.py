"""The formats of servers: each is recognised by itself, says the same of the same request, and is read alone when named."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from collector.imports.accesslog.formats import Format, reader_of
from collector.imports.accesslog.request import Request
from collector.imports.accesslog.skip import Skipped, SkipReason
from tests.collector.imports.logs import BROWSER, line

AT = datetime(2026, 11, 24, 10, 0, 3, tzinfo=UTC)
CLF = "24/Nov/2026:10:00:03 +0000"
IP, PROXY, NEWS = "198.51.100.7", "10.0.0.9", "https://news.example/"
TARGET = "/p0?utm_source=letter"
PLUS = BROWSER.replace(" ", "+")
QUERY = "cs-uri-query"
TWICE = BROWSER.replace(" ", "%2520")


def caddy(**changes: Any) -> str:
    request = {
        "remote_ip": IP,
        "remote_port": "4711",
        "client_ip": IP,
        "proto": "HTTP/2.0",
        "method": "GET",
        "host": "shop.example",
        "uri": TARGET,
        "headers": {"User-Agent": [BROWSER], "Referer": [NEWS], "Accept": ["*/*"]},
        "tls": {"resumed": False, "version": 772},
    }
    document = {
        "level": "info",
        "ts": AT.timestamp(),
        "logger": "http.log.access.log0",
        "msg": "handled request",
        "request": request | changes,
        "bytes_read": 0,
        "user_id": "",
        "duration": 0.001,
        "size": 5120,
        "status": 200,
        "resp_headers": {"Server": ["Caddy"], "Content-Type": ["text/html"]},
    }
    return json.dumps(document)


def traefik(**changes: Any) -> str:
    document = {
        "ClientAddr": f"{IP}:4711",
        "ClientHost": IP,
        "ClientPort": "4711",
        "ClientUsername": "-",
        "DownstreamContentSize": 5120,
        "DownstreamStatus": 200,
        "Duration": 1234567,
        "OriginStatus": 502,
        "RequestAddr": "shop.example",
        "RequestHost": "shop.example",
        "RequestMethod": "GET",
        "RequestPath": TARGET,
        "RequestPort": "-",
        "RequestProtocol": "HTTP/2.0",
        "StartLocal": "2026-11-24T11:00:03.000000000+01:00",
        "StartUTC": "2026-11-24T10:00:03.000000000Z",
        "request_Referer": NEWS,
        "request_User-Agent": BROWSER,
        "level": "info",
        "msg": "",
        "time": "2026-11-24T10:00:09Z",
    }
    return json.dumps(document | changes)


def nginx(**changes: Any) -> str:
    document = {
        "time_iso8601": "2026-11-24T11:00:03+01:00",
        "remote_addr": IP,
        "host": "shop.example",
        "request": f"GET {TARGET} HTTP/1.1",
        "status": "200",
        "body_bytes_sent": "5120",
        "http_referer": NEWS,
        "http_user_agent": BROWSER,
    }
    return json.dumps(document | changes)


def combined(**changes: Any) -> str:
    return line(**{"target": TARGET, "ip": IP, "at": CLF, "referrer": NEWS, "vhost": "shop.example "} | changes)


IIS = f"""#Software: Microsoft Internet Information Services 10.0
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) cs(Referer) cs-host sc-status sc-bytes
2026-11-24 10:00:03 10.0.0.5 GET /p0 utm_source=letter 443 {IP} {PLUS} {NEWS} shop.example 200 5120""".splitlines()
CLOUDFRONT = f"""#Version: 1.0
#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) {QUERY}
2026-11-24\t10:00:03\tFRA2-C1\t5120\t{IP}\tGET\tshop.example\t/p0\t200\t{NEWS}\t{TWICE}\tutm_source=letter""".splitlines()
DOCKER = json.dumps({"log": combined() + "\n", "stream": "stdout", "time": "2026-11-24T10:00:03.5Z"})
JOURNAL = json.dumps({"MESSAGE": combined(), "_HOSTNAME": "web1", "__REALTIME_TIMESTAMP": "1795514403000000"})
CONSOLE = "2026/11/24 10:00:03.000\tINFO\thttp.log.access.log0\thandled request\t" + json.dumps(
    {name: value for name, value in json.loads(caddy()).items() if name not in ("ts", "level", "logger", "msg")}
)
SERVERS = {
    "combined": (combined(),),
    "a list behind it": (combined() + ' "-"',),
    "how long it took, behind it": (combined() + " 1234",),
    "bytes in and out, behind it": (combined() + " 512 5600",),
    "how long it took, in the middle": (combined().replace(" 5120 ", " 5120 0.003 "),),
    "fractions of a second": (combined(at="24/Nov/2026:10:00:03.123 +0000"),),
    "the host behind the time": (combined(vhost="").replace('] "GET', '] shop.example "GET'),),
    "the host behind the time, in quotes": (combined(vhost="").replace('] "GET', '] "shop.example" "GET'),),
    "ISO time": (combined(at="2026-11-24T10:00:03+00:00"),),
    "HTTP/2": (combined().replace("HTTP/1.1", "HTTP/2.0"),),
    "HTTP/3": (combined().replace("HTTP/1.1", "HTTP/3"),),
    "Traefik": (combined() + ' 12 "shop@docker" "http://10.0.0.3:80" 1ms',),
    "Varnish": (combined(vhost="", target=f"http://shop.example{TARGET}"),),
    "a proxy": (combined(vhost="", target=f"https://Shop.Example:443{TARGET}"),),
    "the host in front of the path": (combined(vhost="", target=f"shop.example{TARGET}"),),
    "lighttpd": (combined(vhost="").replace(f"{IP} - -", f"{IP} shop.example -"),),
    "nginx's ingress": (combined() + " 512 0.003 [shop-web-80] [] 10.0.0.3:8080 5120 0.003 200 8f14e45fceea167a",),
    "Caddy": (caddy(),),
    "Caddy, time in words": (caddy().replace(str(AT.timestamp()), '"2026-11-24T10:00:03.000Z"'),),
    "Caddy, of old": (caddy(remote_addr=f"{IP}:4711", remote_ip="", client_ip=""),),
    "Caddy, for people": (CONSOLE,),
    "Caddy, in compose": (f"caddy-1  | {caddy()}",),
    "Caddy, behind syslog": (f"Nov 24 10:00:03 web1 caddy[12]: {caddy()}",),
    "Caddy, in Docker's own files": (json.dumps({"log": caddy() + "\n", "stream": "stderr", "time": "2026-11-24T10:00:03Z"}),),
    "Traefik, JSON": (traefik(),),
    "nginx, JSON": (nginx(),),
    "nginx, JSON with seconds": (nginx(time_iso8601="", msec="1795514403.000"),),
    "nginx, JSON with parts": (nginx(request="", request_method="GET", request_uri=TARGET),),
    "Docker's own files": (DOCKER,),
    "the journal, JSON": (JOURNAL,),
    "IIS": IIS,
    "CloudFront": CLOUDFRONT,
}


def read(*lines: str, kind: Format = Format.AUTO) -> list[Request | SkipReason]:
    reader = reader_of(kind)
    return [_said(reader, one) for one in lines]


def _said(reader: Any, text: str) -> Request | SkipReason:
    try:
        return reader(text.encode())
    except Skipped as skipped:
        return skipped.reason


@pytest.mark.parametrize("lines", SERVERS.values(), ids=SERVERS)
def test_the_same_request_is_read_in_every_format(lines: tuple[str, ...]):
    *comments, request = read(*lines)
    assert set(comments) <= {SkipReason.COMMENT}
    assert isinstance(request, Request), request
    assert (request.peers, request.at.replace(microsecond=0), request.method, request.target) == ((IP,), AT, "GET", TARGET)
    assert (request.status, request.size, request.referrer, request.user_agent) == (200, "5120", NEWS, BROWSER)
    assert (request.host or request.vhost).lower().removesuffix(":443") == "shop.example"


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        (Format.COMBINED, (combined(),)),
        (Format.COMMON, (combined(),)),
        (Format.NGINX, (nginx(),)),
        (Format.NGINX, (combined(),)),
        (Format.APACHE, (combined(),)),
        (Format.VARNISH, (combined(),)),
        (Format.LIGHTTPD, (combined(),)),
        (Format.CADDY, (caddy(),)),
        (Format.JSON, (traefik(),)),
        (Format.TRAEFIK, (traefik(),)),
        (Format.TRAEFIK, (combined(),)),
        (Format.IIS, IIS),
        (Format.W3C, IIS),
        (Format.CLOUDFRONT, CLOUDFRONT),
    ],
)
def test_a_format_that_is_named_is_read(kind: Format, lines: tuple[str, ...]):
    assert isinstance(read(*lines, kind=kind)[-1], Request)


@pytest.mark.parametrize(
    ("kind", "text"),
    [(Format.COMBINED, caddy()), (Format.CADDY, combined()), (Format.IIS, combined()), (Format.CLOUDFRONT, caddy())],
)
def test_where_a_format_is_named_no_other_is_read(kind: Format, text: str):
    assert read(text, kind=kind) == [SkipReason.MALFORMED]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}x",
        "[1]",
        '"GET / HTTP/1.1"',
        "{'a': 1}",
        '{"a": ' * 5000 + "1" + "}" * 5000,
        "root:x:0:0:root:/root:/bin/bash",
        IIS[2],  # nothing has named its columns
    ],
)
def test_what_is_in_no_format_is_malformed(text: str):
    assert read(text) == [SkipReason.MALFORMED]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        json.dumps({"level": "info", "ts": 1795514403.1, "logger": "tls", "msg": "certificate obtained"}),
        caddy(method="", uri=""),
        caddy(uri="*", method="OPTIONS"),
        nginx(request="-"),
        nginx(request=""),
        nginx(status="0"),
        traefik(DownstreamStatus=None, OriginStatus=None),
    ],
)
def test_a_document_without_a_request_is_none(text: str):
    assert read(text) == [SkipReason.NO_REQUEST]


@pytest.mark.parametrize(
    ("text", "peers", "forwarded"),
    [
        (caddy(remote_ip=PROXY, client_ip=IP), (IP,), ()),  # Caddy trusts the proxy itself
        (caddy(remote_ip=PROXY, client_ip=PROXY, headers={"X-Forwarded-For": [IP]}), (PROXY,), (IP,)),
        (caddy(remote_ip=PROXY, client_ip="", headers={"X-Forwarded-For": [f"{IP}, 10.0.0.2"]}), (PROXY,), (IP, "10.0.0.2")),
        (traefik(ClientHost=f"{IP}, 10.0.0.2", ClientAddr=f"{PROXY}:4711"), (IP, "10.0.0.2"), ()),
        (traefik(ClientAddr=f"{PROXY}:4711"), (IP,), ()),  # Traefik trusts it, or it had written its address
        (nginx(remote_addr=PROXY, http_x_forwarded_for=IP), (PROXY,), (IP,)),
        (nginx(remote_addr=PROXY, http_x_forwarded_for="-"), (PROXY,), ()),
        (nginx(remote_addr="unix:"), (), ()),
        (nginx(remote_addr=""), (), ()),
        (caddy(remote_ip="REDACTED", client_ip="REDACTED"), (), ()),
        (nginx(remote_addr="pool-7.isp.example"), ("pool-7.isp.example",), ()),
    ],
)
def test_a_document_says_who_asked_and_for_whom(text: str, peers: tuple[str, ...], forwarded: tuple[str, ...]):
    (request,) = read(text)
    assert isinstance(request, Request)
    assert (request.peers, request.forwarded) == (peers, forwarded)


def test_a_document_without_user_agents_says_so():
    document = {name: value for name, value in json.loads(traefik()).items() if not name.startswith("request_")}
    (request,) = read(json.dumps(document))
    assert isinstance(request, Request)
    assert (request.user_agent, request.referrer) == (None, "")


def test_columns_may_change_their_names_in_the_middle_of_a_log():
    later = ("#Fields: date time c-ip cs-method cs-uri-stem sc-status", f"2026-11-24 10:00:04 {IP} GET /later 200")
    *_, request = read(*IIS, *later)
    assert isinstance(request, Request)
    assert (request.target, request.user_agent) == ("/later", None)


def test_no_representation_of_a_document_shows_the_person():
    assert all(
        IP not in repr(found) and "Firefox" not in repr(found) for found in read(caddy(), traefik(), nginx(), combined())
    )
