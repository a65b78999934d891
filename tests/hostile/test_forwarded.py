"""X-Forwarded-For in every shape: who somebody is taken for, judged by the visitor that the stored fact names."""

from collections.abc import Callable

import pytest

from tests.hostile.conftest import Target
from tests.hostile.wire import PROXY, SITE, post

STRANGER = "127.7.7.7"
CLIENT, OTHER = "203.0.113.7", "198.51.100.9"
PAGE = {"domain": SITE, "pathname": "/from"}


@pytest.fixture(scope="session")
def visitor(target: Target) -> Callable[..., str]:
    """Send a pageview with *headers* from *source*, and return whose it was."""

    def of(*headers: str, source: str = PROXY) -> str:
        before = target.position()
        answer = post(target.port, PAGE, "User-Agent: Firefox/145.0", *headers, source=source)
        assert answer.status == 204, answer.body
        (fact,) = target.facts(after=before)
        return str(fact["visitor"])

    return of


@pytest.fixture(scope="session")
def client(visitor: Callable[..., str]) -> str:
    return visitor(f"X-Forwarded-For: {CLIENT}")


@pytest.fixture(scope="session")
def proxy(visitor: Callable[..., str]) -> str:
    return visitor()


@pytest.fixture(scope="session")
def stranger(visitor: Callable[..., str]) -> str:
    return visitor(source=STRANGER)


@pytest.mark.parametrize(
    "headers",
    [
        (f"X-Forwarded-For: {OTHER}, {CLIENT}",),
        (f"X-Forwarded-For: {OTHER}", f"X-Forwarded-For: {CLIENT}"),
        (f"X-Forwarded-For: {OTHER}", "X-Forwarded-For: 10.1.2.3", f"X-Forwarded-For: {CLIENT}, 10.9.9.9"),
        (f"X-Forwarded-For: {CLIENT}, 10.0.0.1, 127.0.0.1",),
        (f"X-Forwarded-For: {CLIENT},2001:db8:f::1",),
        (f"x-forwarded-for:{CLIENT}",),
        (f"X-FORWARDED-FOR: \t {CLIENT} \t",),
        (f"X-Forwarded-For: {CLIENT}:51515",),
        (f"X-Forwarded-For: ::ffff:{CLIENT}",),
        ("X-Forwarded-For: ::ffff:cb00:7107",),
        (f"X-Forwarded-For: [::ffff:{CLIENT}]:443",),
        (f"X-Forwarded-For: nonsense, {CLIENT}",),
        (f"X-Forwarded-For: {OTHER}, unknown, {CLIENT}, 10.0.0.1",),
        (f"X-Forwarded-For: {CLIENT}", f"X-Real-IP: {OTHER}", f"Forwarded: for={OTHER}", f"CF-Connecting-IP: {OTHER}"),
        (f"X-Forwarded-For: {CLIENT}", f"Via: 1.1 {OTHER}", f"Client-IP: {OTHER}", f"True-Client-IP: {OTHER}"),
        (f"X-Forwarded-For: {', '.join([OTHER] * 1000)}, {CLIENT}",),
    ],
)
def test_the_nearest_stranger_that_trusted_proxies_name_is_the_client(visitor, client: str, headers: tuple[str, ...]):
    assert visitor(*headers) == client


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For:",
        "X-Forwarded-For: ,",
        "X-Forwarded-For: unknown",
        "X-Forwarded-For: _hidden",
        "X-Forwarded-For: 10.0.0.1, 127.0.0.1, 10.0.0.2, unknown, 127.0.0.1",
        "X-Forwarded-For: 203.0.113.256",
        "X-Forwarded-For: 203.0.113.07",
        "X-Forwarded-For: 203.0.113",
        "X-Forwarded-For: 3405803783",
        "X-Forwarded-For: 0xcb007107",
        f"X-Forwarded-For: {CLIENT} {OTHER}",
        f"X-Forwarded-For: {CLIENT};{OTHER}",
        f'X-Forwarded-For: "{CLIENT}"',
        f"X-Forwarded-For: for={CLIENT}",
        f"X-Forwarded-For: http://{CLIENT}/",
        f"X-Forwarded-For: {CLIENT}/24",
        "X-Forwarded-For: [203.0.113.7",
        "X-Forwarded-For: 2001:db8:::1",
        "X-Forwarded-For: \xb2\xb0\xb3.0.113.7",
        "X-Forwarded-For: <script>alert(1)</script>",
        "X-Forwarded-For: ../../etc/passwd",
        "X-Forwarded-For: ' OR 1=1 --",
        f"X-Forwarded-For: {'9' * 5000}",
        f"Forwarded: for={CLIENT}",
        "X-Real-IP: unknown",
        f"X-Real-IP: {CLIENT}, {OTHER}",
        f"CF-Connecting-IP: {CLIENT}/24",
        f"X-Forwarded: {CLIENT}",
        f"X-Forwarded-For-: {CLIENT}",
        f"X_Forwarded_For: {CLIENT}",
    ],
)
def test_what_is_no_address_ends_the_walk_at_the_last_one_that_was_trusted(visitor, proxy: str, header: str):
    assert visitor(header) == proxy


@pytest.mark.parametrize("headers", [(f"X-Real-IP: {CLIENT}", f"CF-Connecting-IP: {OTHER}"), (f"CF-Connecting-IP: {CLIENT}",)])
def test_a_trusted_proxy_that_keeps_no_list_names_its_client_alone(visitor, client: str, headers: tuple[str, ...]):
    assert visitor(*headers) == client


@pytest.mark.parametrize(
    "headers",
    [
        (f"X-Forwarded-For: {CLIENT}",),
        (f"CF-Connecting-IP: {CLIENT}", f"X-Real-IP: {CLIENT}"),
        (f"X-Forwarded-For: {CLIENT}, {PROXY}",),
        (f"X-Forwarded-For: {CLIENT}", f"X-Forwarded-For: {OTHER}, 10.0.0.1"),
        (f"Forwarded: for={CLIENT}", f"X-Real-IP: {CLIENT}"),
    ],
)
def test_whom_nobody_trusts_speaks_for_nobody_else(visitor, stranger: str, headers: tuple[str, ...]):
    assert visitor(*headers, source=STRANGER) == stranger


def test_everybody_is_somebody_else(visitor, client: str, proxy: str, stranger: str):
    others = {visitor(f"X-Forwarded-For: {ip}") for ip in (OTHER, "2001:db8:1:1::1", "2001:db8:1:2::1", "203.0.113.8")}
    assert len({client, proxy, stranger, *others}) == 7


@pytest.mark.parametrize(
    "same", ["2001:db8:1:1::2", "[2001:db8:1:1:ffff::9]:443", "2001:DB8:1:1::1%eth0", "2001:0db8:0001:0001::"]
)
def test_a_household_is_one_client(visitor, same: str):
    assert visitor(f"X-Forwarded-For: {same}") == visitor("X-Forwarded-For: 2001:db8:1:1::1")
