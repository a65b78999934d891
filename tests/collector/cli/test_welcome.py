"""What `collector up` says when it is ready names the sites that it was given."""

from collector.cli.up import welcome
from collector.settings import read_settings


def said(sites: str) -> str:
    return welcome(read_settings({"COLLECTOR_SITES": sites}))


def test_each_site_that_is_known_has_its_own_line_to_paste():
    words = said("shop.example, b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example")
    assert 'data-site="shop.example"' in words
    assert 'data-site="xn--bcher-kva.example"' in words
    assert "the pages of b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example:" in words
    assert "your-site" not in words


def test_many_sites_do_not_push_the_address_away():
    words = said(",".join(f"site-{number}.example" for number in range(9)))
    assert (words.count("data-site="), "The other 6 have theirs" in words) == (3, True)


def test_where_no_site_is_known_its_name_is_asked_for():
    assert 'data-site="your-site.example"' in said("")
