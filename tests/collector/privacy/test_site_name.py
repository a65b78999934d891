"""A site's name is told only where it can be nobody's address, key, number or mailbox."""

import pytest

from collector.privacy.site_name import plausible_site


@pytest.mark.parametrize(
    "claimed",
    [
        "192-0-2-77.example",
        "ip-192-0-2-77.ec2.internal",
        "192.0.2.77",
        "2001-db8--1.example",
        "c0000234.example",
        "AKIAIOSFODNN7EXAMPLE.example",
        "glpat-abcdefghij0123456789.example",
        "sk-live-abcdefghijklmnop1234.example",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a.example",
        "4790012345.example",
        "anna@mail.example",
        "john-at-corp.example",
        "john.doe.gmail.com",
    ],
)
def test_what_looks_personal_is_no_site(claimed: str):
    assert plausible_site(claimed) == ""


@pytest.mark.parametrize(
    "claimed",
    [
        "shop.example",
        "my-shop-2024.example",
        "facade.example",
        "xn--strae-oqa.example",
        "www2.shop.co.uk",
        "web.de.example",
        "4chan.example",
        "2-3-4.example",
        "live-music.example",
        "at-home.example",
        "k8s.example",
        "h2o2.example",
        "asian-food.example",
        "b2b-2b.example",
        "1and1.example",
        "outlook-cafe.example",
    ],
)
def test_an_ordinary_name_is_told(claimed: str):
    assert plausible_site(claimed) == claimed
