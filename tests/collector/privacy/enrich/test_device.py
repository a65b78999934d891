"""What does a user agent say of the device, and can a stranger's own words get through?"""

import pytest
import ua_parser_rs
from hypothesis import given
from hypothesis import strategies as st
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

from collector.privacy.enrich.agent import Agents
from collector.privacy.enrich.device import Vocabulary
from collector.privacy.enrich.lists import Lists
from contracts.events import Device, DeviceKind

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
CHROME_ON = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 {}Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (
            WINDOWS,
            Device(kind=DeviceKind.DESKTOP, browser="Chrome", browser_version="126", os="Windows", os_version="10"),
        ),
        (IPHONE, Device(kind=DeviceKind.MOBILE, browser="Mobile Safari", browser_version="17", os="iOS", os_version="17")),
        (
            "Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 Version/12.1 Mobile/15E148 Safari/604.1",
            Device(kind=DeviceKind.TABLET, browser="Mobile Safari", browser_version="12", os="iOS", os_version="12"),
        ),
        (
            CHROME_ON.format("Linux; Android 10; K", "Mobile "),
            Device(kind=DeviceKind.MOBILE, browser="Chrome Mobile", browser_version="126", os="Android", os_version="10"),
        ),
        (
            CHROME_ON.format("Linux; Android 10; K", ""),
            Device(kind=DeviceKind.TABLET, browser="Chrome", browser_version="126", os="Android", os_version="10"),
        ),
        (
            "Mozilla/5.0 (Android 13; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0",
            Device(kind=DeviceKind.TABLET, browser="Firefox Mobile", browser_version="127", os="Android", os_version="13"),
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0",
            Device(kind=DeviceKind.DESKTOP, browser="Firefox", browser_version="127", os="Mac OS X", os_version="10"),
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            Device(kind=DeviceKind.DESKTOP, browser="Firefox", browser_version="127", os="Ubuntu"),
        ),
        (
            "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0; Tablet PC 2.0)",
            Device(kind=DeviceKind.DESKTOP, browser="IE", browser_version="9", os="Windows", os_version="7"),
        ),
        (
            CHROME_ON.format("X11; CrOS x86_64 14541.0.0", ""),
            Device(kind=DeviceKind.DESKTOP, browser="Chrome", browser_version="126", os="Chrome OS"),
        ),
        ("", Device()),
        ("anything else", Device()),
    ],
)
def test_families_major_versions_and_a_form_are_read(lists: Lists, user_agent: str, device: Device):
    assert lists.agents.read(user_agent).device == device


def test_a_television_is_neither_desk_nor_pocket(lists: Lists):
    user_agent = (
        "Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36"
    )
    assert lists.agents.read(user_agent).device.kind is DeviceKind.OTHER


@pytest.mark.parametrize(
    "template",
    [
        "{}/1.0 CFNetwork/1410 Darwin/22.6.0",
        "Mozilla/5.0 (compatible; {}bot/2.0; +http://x.example)",
        "Mozilla/5.0 (Linux; Android 10; {}) AppleWebKit/537.36",
        "{}spider/1.0",
        "{} crawler",
        "Mozilla/5.0 ({}; HbbTV/1.1.1 (;;;;;) {})",
        "Chrome/{}",
    ],
)
def test_a_strangers_own_words_never_get_through(lists: Lists, template: str):
    canary = "zq0123456789abcdef"
    agent = lists.agents.read(template.format(canary, canary))
    assert canary not in repr(agent)


@given(version=st.integers(min_value=10_000))
def test_a_version_that_no_browser_has_is_dropped(lists: Lists, version: int):
    assert lists.agents.read(WINDOWS.replace("126", str(version))).device.browser_version == ""


def test_only_families_in_the_public_rules_are_words():
    vocabulary = Vocabulary(load_lazy_builtins())
    assert vocabulary.admit("Chrome Mobile WebView") == "Chrome Mobile WebView"
    assert vocabulary.admit("Chrome zq0123456789abcdef") == ""
    assert vocabulary.admit("") == ""


def test_the_rust_engine_does_the_reading(lists: Lists):
    engine = lists.agents._reader._rules
    assert isinstance(engine, Resolver)
    assert isinstance(engine.de, ua_parser_rs.DeviceExtractor)


def test_only_the_first_512_bytes_are_read(lists: Lists):
    assert lists.agents.read(" " * 512 + WINDOWS).device == Device()


def test_answers_are_remembered_under_a_digest_and_the_oldest_are_let_go(lists: Lists):
    agents = Agents()
    agents._reader = lists.agents._reader
    agents.read(WINDOWS)
    for number in range(10_000):
        agents.read(f"{number}")
        agents.read(WINDOWS)  # in use, so it stays
    remembered = agents._remembered
    assert len(remembered) == 10_000
    assert {len(digest) for digest in remembered} == {16}
    assert agents.read(WINDOWS) in remembered.values()
    assert WINDOWS not in repr(remembered)


def test_two_processes_remember_under_different_digests(lists: Lists):
    first, second = Agents(), Agents()
    first._reader = second._reader = lists.agents._reader
    first.read(WINDOWS)
    second.read(WINDOWS)
    assert first._remembered.keys().isdisjoint(second._remembered.keys())
