"""What today's browsers send is never odd, and what only claims to be one is."""

import pytest

from collector.arrival import Head
from collector.dialects.browser import read_browser
from collector.hit import Signal

MODES = {b"sec-fetch-site": b"cross-site", b"sec-fetch-mode": b"cors", b"sec-fetch-dest": b"empty"}
BROWSERS = {
    "Chrome on https": {b"accept": b"*/*", b"accept-language": b"en-US,en;q=0.9", **MODES},
    "Chrome on plain http": {b"accept": b"*/*", b"accept-language": b"en-US,en;q=0.9"},
    "Firefox": {b"accept": b"*/*", b"accept-language": b"de,en-US;q=0.7,en;q=0.3", **MODES},
    "Safari 18": {b"accept": b"*/*", b"accept-language": b"nb-NO,nb;q=0.9", **MODES},
    "Safari 15": {b"accept": b"*/*", b"accept-language": b"en-GB,en;q=0.9"},
    "Chrome's image": {b"accept": b"image/avif,*/*;q=0.8", b"accept-language": b"en", b"sec-fetch-dest": b"image"},
    "an extension that hides languages": {b"accept": b"*/*", **MODES},
}
CLIENTS = {
    "curl": {b"accept": b"*/*"},
    "a library": {b"accept": b"*/*", b"accept-encoding": b"gzip, deflate"},
    "nothing at all": {},
}


def head(headers: dict[bytes, bytes]) -> Head:
    return Head(method="POST", path="/api/event", query=b"", headers=headers, ip="203.0.113.7")


@pytest.mark.parametrize("headers", BROWSERS.values(), ids=BROWSERS.keys())
def test_the_headers_of_todays_browsers_are_never_odd(headers: dict[bytes, bytes]):
    assert not read_browser(head(headers)).person().has_odd_headers


@pytest.mark.parametrize("headers", CLIENTS.values(), ids=CLIENTS.keys())
def test_what_sends_neither_languages_nor_what_it_fetches_for_is_odd(headers: dict[bytes, bytes]):
    assert read_browser(head(headers)).person().has_odd_headers


def test_signals_are_read_from_the_headers():
    headers = {b"sec-gpc": b"1", b"dnt": b"0", b"sec-purpose": b"prefetch;prerender"}
    assert read_browser(head(headers)).signals == {Signal.GPC, Signal.PREFETCH}


def test_no_way_of_showing_it_shows_the_person():
    browser = read_browser(head({b"user-agent": b"canary", b"accept-language": b"canary"}))
    assert "canary" not in f"{browser!r}{browser}{browser.person()!r}{head({})!r}"
    assert "203.0.113" not in f"{browser!r}{browser}{browser.person()!r}{head({})!r}"
