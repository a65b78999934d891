"""The parser's promises: every common form of a line is read, and nothing else."""

from datetime import UTC, datetime

import pytest
from rich.pretty import pretty_repr

from collector.imports.accesslog.parse import read_line
from collector.imports.accesslog.request import Request
from collector.imports.accesslog.skip import Skipped, SkipReason
from tests.collector.imports.logs import BROWSER, line

AT = datetime(2026, 5, 17, 10, 5, 3, tzinfo=UTC)


def read(text: str) -> Request:
    return read_line(text.encode())


def test_a_combined_line_is_read_to_its_last_field():
    request = read(line("/a?b=c", status=304, size="-", referrer="https://news.example/"))
    assert (request.vhost, request.peers, request.at, request.method, request.target) == (
        "",
        ("192.0.2.7",),
        AT,
        "GET",
        "/a?b=c",
    )
    assert (request.status, request.size, request.referrer, request.user_agent) == (304, "-", "https://news.example/", BROWSER)


def test_a_common_line_says_nothing_of_the_user_agent():
    request = read('192.0.2.7 - - [17/May/2026:10:05:03 +0000] "GET / HTTP/1.0" 200 5120')
    assert (request.referrer, request.user_agent) == ("", None)


def test_a_dash_is_an_empty_field():
    request = read(line(agent="-"))
    assert (request.referrer, request.user_agent) == ("", "")


@pytest.mark.parametrize(
    ("text", "vhost", "ip"),
    [
        (line(vhost="shop.example:443 "), "shop.example", "192.0.2.7"),
        (line(vhost="shop.example "), "shop.example", "192.0.2.7"),
        (line(vhost="shop.example:80 ", ip="2001:db8::7"), "shop.example", "2001:db8::7"),
        (line(vhost="shop.example ", ip="2001:db8::7"), "shop.example", "2001:db8::7"),
        (line(vhost="shop.example:80 ", ip="host.isp.example"), "shop.example", "host.isp.example"),
        (line(ip="2001:db8::7"), "", "2001:db8::7"),
        (line(ip="host.isp.example"), "", "host.isp.example"),
    ],
)
def test_a_virtual_host_in_front_is_told_from_the_address(text: str, vhost: str, ip: str):
    request = read(text)
    assert (request.vhost, request.peers) == (vhost, (ip,))


@pytest.mark.parametrize("user", ["alice", "Alice Smith", "a-b c", ""])
def test_a_signed_in_user_is_read_over(user: str):
    assert read(line().replace("- - [", f"- {user} [")).target == "/"


@pytest.mark.parametrize(
    ("offset", "hour"), [("+0000", 10), ("+0200", 8), ("-0500", 15), ("+0530", 4), ("-0000", 10), ("+1400", 20)]
)
def test_a_time_is_read_in_its_zone(offset: str, hour: int):
    assert read(line(at=f"17/May/2026:10:05:03 {offset}")).at.hour == hour


@pytest.mark.parametrize(
    ("logged", "meant"),
    [
        (r"Say \"hi\" /1", 'Say "hi" /1'),
        (r"Say \x22hi\x22", 'Say "hi"'),
        (r"back\\slash", r"back\slash"),
        (r"caf\xC3\xA9", "café"),
        (r"broken \xC3 \xff", "broken \ufffd \ufffd"),
        (r"tab\there", "tab\there"),
        ("café, unescaped", "café, unescaped"),
    ],
)
def test_an_escaped_field_says_what_was_sent(logged: str, meant: str):
    assert read(line(agent=logged)).user_agent == meant


def test_a_quote_inside_the_request_does_not_end_it():
    assert read(line(r"/a\"b")).target == '/a"b'


def test_a_path_with_spaces_is_one_path():
    assert read(line("/my file.html")).target == "/my file.html"


def test_what_a_server_appends_is_ignored():
    assert read(line() + ' "192.0.2.9" rt=0.003 "-"').user_agent == BROWSER


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n", "  "])
def test_the_end_of_the_line_does_not_matter(end: str):
    assert read(line() + end).user_agent == BROWSER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#Fields: date time c-ip",
        '{"remote_addr": "192.0.2.7"}',
        line()[:-1],  # cut off inside the user agent
        line()[:40],
        line() + "x",
        line(at="17/Mai/2026:10:05:03 +0000"),
        line(at="31/Feb/2026:10:05:03 +0000"),
        line(at="17/May/2026:25:05:03 +0000"),
        line(at="17/May/2026:10:05:03 +2400"),
        line(at="17/May/2026:10:05:03"),
        line(at="01/Jan/0001:00:00:00 +0100"),
        line(status=20),
        "\x00" * 64,
    ],
)
def test_what_is_no_line_of_a_log_is_malformed(text: str):
    with pytest.raises(Skipped) as skipped:
        read(text)
    assert skipped.value.reason is SkipReason.MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        line("*", method="OPTIONS"),
        line("elsewhere.example:443", method="CONNECT"),
        line().replace("GET / HTTP/1.1", "-"),  # a connection without a request
        line().replace("GET / HTTP/1.1", ""),
        line().replace("GET / HTTP/1.1", r"\x16\x03\x01"),  # TLS on a plain port
        line().replace("GET / HTTP/1.1", "t3 12.2.1"),
        line(r"/two\nlines"),
        line(method="get"),
    ],
)
def test_a_line_without_a_request_for_a_page_is_a_line_all_the_same(text: str):
    with pytest.raises(Skipped) as skipped:
        read(text)
    assert skipped.value.reason is SkipReason.NO_REQUEST


def test_bytes_that_are_no_text_do_not_stop_the_parser():
    assert read_line(line(agent="@").encode().replace(b"@", b"\xff\xfe")).user_agent == "\ufffd\ufffd"


@pytest.mark.parametrize(
    "hostile",
    ['"' * 60_000, "\\" * 60_000, "[" * 60_000, " " * 60_000, "1." * 30_000, "- " * 30_000, "client" * 9_000, "a: " * 20_000],
)
def test_a_hostile_line_costs_no_more_than_its_length(hostile: str):
    behind_time = line().partition(' "')[0]
    made = (hostile, line(hostile), line(agent=hostile), hostile + line(), line(referrer=hostile)[:-1])
    for text in (*made, f"{line()} {hostile}", f"{behind_time} {hostile}"):
        try:
            read(text)
        except Skipped as skipped:
            assert skipped.reason in (SkipReason.MALFORMED, SkipReason.NO_REQUEST)  # noqa: PT017  # to be read is fine, too


def test_no_representation_of_a_request_shows_the_person():
    request = read(line())
    assert "192.0.2.7" not in f"{request} {request!r} {pretty_repr(request)}"
    assert "Firefox" not in f"{request} {request!r} {pretty_repr(request)}"
