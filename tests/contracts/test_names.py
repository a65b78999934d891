"""What is the one spelling of a host or a site?"""

import time

import pytest

from contracts.names import canonical_host, canonical_site, readable_site, same_site


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("Shop.Example", "shop.example"),
        ("shop.example:8080", "shop.example"),
        ("jane:secret@shop.example:443", "shop.example"),
        ("shop.example.", "shop.example"),
        ("www.shop.example", "www.shop.example"),
        ("M\N{LATIN SMALL LETTER U WITH DIAERESIS}nchen.example", "xn--mnchen-3ya.example"),
        ("localhost:3000", "localhost"),
        ("my_host", "my_host"),
        ("192.168.1.10", "192.168.1.10"),
        ("straße.example", "xn--strae-oqa.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("☕.example", "xn--53h.example"),
        ("my_bücher.example", "xn--my_bcher-95a.example"),
        ("ü..example", ""),
        ("a\N{ZERO WIDTH JOINER}b.example", ""),
        ("", ""),
        ("[2001:db8::1]:80", ""),
        ("a b", ""),
        ("a/b", ""),
        ("a*b", ""),
        ("\ud800", ""),
        ("\N{LATIN SMALL LETTER U WITH DIAERESIS}" * 70, ""),
        ("a" * 254, ""),
        (".".join(["ü" * 50] * 6), ""),
    ],
)
def test_a_host_has_one_spelling_or_none(authority: str, host: str):
    assert canonical_host(authority) == host


@pytest.mark.parametrize(
    ("text", "site"),
    [
        (" Shop.Example:8080 ", "shop.example"),
        ("WWW.shop.example", "www.shop.example"),
        ("a" * 253, "a" * 253),
        ("jane@shop.example", None),
        ("shop.*", None),
        ("shop>", None),
        ("https://shop.example", None),
        ("", None),
    ],
)
def test_a_site_name_is_canonical_or_refused(text: str, site: str | None):
    assert canonical_site(text) == site


def test_a_name_that_nobody_can_have_costs_no_more_than_one_that_somebody_has():
    # Every character of it would be looked up many times, and a batch holds a thousand names.
    began = time.process_time()
    for _ in range(100):
        assert canonical_site(".".join(["\N{ARABIC-INDIC DIGIT ONE}" * 200] * 5)) is None
    assert time.process_time() - began < 0.5


def test_a_site_and_its_www_twin_are_one():
    assert same_site("www.shop.example", "shop.example")
    assert same_site("shop.example", "shop.example")
    assert not same_site("blog.shop.example", "shop.example")
    assert not same_site("", "")


@pytest.mark.parametrize(
    ("site", "readable"),
    [
        ("shop.example", "shop.example"),
        ("xn--strae-oqa.example", "straße.example"),
        ("xn--53h.example", "☕.example"),
        ("xn--zzzzzz.example", "xn--zzzzzz.example"),
    ],
)
def test_people_read_a_site_as_they_write_it(site: str, readable: str):
    assert readable_site(site) == readable
