"""Who is the same visitor, and can anybody tell who it was?"""

import hashlib
from datetime import date

import pytest
from rich.pretty import pretty_repr

from collector.privacy.visitor import Formula, Salt, derived_salt, visitor_id

DAY = date(2026, 11, 22)
SECRET = "a secret of at least thirty-two characters"
SALT = Salt(day=DAY, key=bytes(range(32)))


def visitor(salt: Salt = SALT, *, tenant="main", site="shop.example", ip="203.0.113.9", user_agent="Mozilla/5.0") -> str:
    return visitor_id(salt, tenant=tenant, site=site, ip=ip, user_agent=user_agent)


def test_a_keyed_id_is_128_bits_of_hex_and_stays_the_same_all_day():
    assert visitor() == visitor()
    assert len(bytes.fromhex(visitor())) == 16


def test_a_keyed_id_is_keyed_blake2b_over_length_prefixed_parts():
    parts = (b"main", b"shop.example", b"203.0.113.9", b"Mozilla/5.0")
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    assert visitor() == hashlib.blake2b(message, key=SALT.key, digest_size=16).hexdigest()


@pytest.mark.parametrize(
    "other",
    [{"tenant": "other"}, {"site": "blog.example"}, {"ip": "203.0.113.10"}, {"user_agent": "Mozilla/5.1"}],
)
def test_another_tenant_site_address_or_user_agent_is_another_visitor(other: dict[str, str]):
    assert visitor(**other) != visitor()


def test_another_days_key_makes_an_id_that_cannot_be_linked():
    assert visitor(Salt(day=date(2026, 11, 23), key=bytes(32))) != visitor()


def test_parts_cannot_run_into_each_other():
    assert visitor(ip="1.2.3.4", user_agent="5 Mozilla") != visitor(ip="1.2.3.45", user_agent=" Mozilla")
    assert visitor(tenant="a", site="bc") != visitor(tenant="ab", site="c")


@pytest.mark.parametrize("mapped", ["::ffff:203.0.113.9", "::FFFF:203.0.113.9", "::ffff:cb00:7109"])
def test_an_ipv4_address_mapped_into_ipv6_is_the_same_visitor(mapped: str):
    assert visitor(ip=mapped) == visitor(ip="203.0.113.9")


@pytest.mark.parametrize(
    "ip", ["2001:db8:0:1::1", "2001:DB8:0:1:ffff::2", "2001:0db8:0000:0001:0000:0000:0000:0003", "2001:db8:0:1::1%eth0"]
)
def test_an_ipv6_household_is_one_visitor(ip: str):
    assert visitor(ip=ip) == visitor(ip="2001:db8:0:1::")


def test_another_ipv6_household_is_another_visitor():
    assert visitor(ip="2001:db8:0:2::1") != visitor(ip="2001:db8:0:1::1")


def test_only_512_bytes_of_the_user_agent_count():
    assert visitor(user_agent="x" * 512) == visitor(user_agent="x" * 9_000)
    assert visitor(user_agent="x" * 511) != visitor(user_agent="x" * 512)


@pytest.mark.parametrize("ip", ["", "unknown", "1.2.3.4\0", "\ud800", "::1::1", "1.2.3.4:80"])
def test_what_is_no_address_is_hashed_as_it_stands(ip: str):
    assert visitor(ip=ip) != visitor()


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_the_wrong_length_is_refused(length: int):
    with pytest.raises(ValueError, match="needs a key of 32 bytes"):
        Salt(day=DAY, key=bytes(length))


def test_a_derived_salt_needs_its_hex_digest():
    with pytest.raises(ValueError, match="needs a key of 64 bytes"):
        Salt(day=DAY, key=bytes(32), formula=Formula.DERIVED)


@pytest.mark.parametrize(
    ("ip", "user_agent"),
    [
        ("203.0.113.9", "Mozilla/5.0 (X11; Linux x86_64)"),
        ("2001:db8::1", "cafe/1 \N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("unknown", "x" * 9_000),
    ],
)
def test_a_derived_id_is_the_flowcore_collectors_byte_for_byte(ip: str, user_agent: str):
    salt = hashlib.sha256(f"2026-11-22:{SECRET}".encode()).hexdigest()
    expected = hashlib.sha256(f"{ip}:{user_agent}:{salt}".encode()).hexdigest()
    assert visitor(derived_salt(DAY, SECRET), ip=ip, user_agent=user_agent) == expected


def test_a_derived_id_calls_what_is_missing_unknown():
    assert visitor(derived_salt(DAY, SECRET), ip="", user_agent="") == visitor(
        derived_salt(DAY, SECRET), ip="unknown", user_agent="unknown"
    )


@pytest.mark.parametrize("show", [repr, str, pretty_repr, "{}".format])
@pytest.mark.parametrize("salt", [Salt(day=DAY, key=b"k" * 32), derived_salt(DAY, SECRET)])
def test_no_way_of_showing_a_salt_shows_its_key(show, salt: Salt):
    assert salt.key.decode() not in show(salt)
    assert "2026" in show(salt)
