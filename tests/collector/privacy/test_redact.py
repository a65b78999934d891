"""What looks personal, and what only looks like it?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.privacy.redact import clean, holds_somebody, redact


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("/u/jane.doe+tag@mail.example.org/edit", "/u/[email]/edit"),
        ("mailto:jane@example.org", "mailto:[email]"),
        ("write to <jane@example.org>, please", "write to <[email]>, please"),
        ("/u/jane%40example.org", "/u/[email]"),
        ("/u/jane%2540example.org", "/u/[email]"),
        ("/u/jos\u00e9@ex\u00e4mple.org", "/u/[email]"),
        ("jane@xn--exmple-cua.xn--p1ai", "[email]"),
        ("/ip/203.0.113.9/x", "/ip/[ip]/x"),
        ("seen 203.0.113.9.", "seen [ip]."),
        ("203.0.113.9:8080", "[ip]:8080"),
        ("/ip/2001:db8::1", "/ip/[ip]"),
        ("[2001:db8:1:2:3:4:5:6]:443", "[[ip]]:443"),
        ("/ip/2001%3Adb8%3A%3A1", "/ip/[ip]"),
        ("::ffff:203.0.113.9", "[ip]"),
        ("in Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "in [agent]"),
        ("/a/Mozilla%2F5.0%20%28iPhone%3B%20CPU%29%20Safari/605", "/a/[agent]"),
        ("ua=Mozilla/5.0+(Windows+NT+10.0)", "ua=[agent]"),
        ("/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "/t/[token]"),
        ("/commit/da39a3ee5e6b4b0d3255bfef95601890afd80709", "/commit/[token]"),
        ("/s/0123456789abcdef", "/s/[token]"),
        ("/reset/a8Jk2Lm9Qw3Er5Ty7Ui9Op1As3Df5Gh7", "/reset/[token]"),
        ("/reset/kY3v-9aLq0Zx7Pw2Rt5_Ub8Nc4Md", "/reset/[token]"),
        ("/o/550e8400-e29b-41d4-a716-446655440000/x", "/o/[uuid]/x"),
        ("/o/550E8400-E29B-41D4-A716-446655440000", "/o/[uuid]"),
        ("/pay/4111111111111111", "/pay/[card]"),
        ("4111 1111 1111 1111 12/27", "[card] 12/27"),
        ("4111-1111-1111-1111", "[card]"),
        ("3782 822463 10005", "[card]"),
        ("378282246310005", "[card]"),
        ("/call/+4722334455", "/call/[phone]"),
        ("/call/%2B4722334455", "/call/[phone]"),
        ("+47 22 33 44 55", "[phone]"),
        ("+1 (212) 555-0123", "[phone]"),
        ("(212) 555-0123", "[phone]"),
        ("212-555-0123", "[phone]"),
        ("1-212-555-0123", "[phone]"),
        ("tel:22334455", "[phone]"),
        ("jane@example.org at 203.0.113.9", "[email] at [ip]"),
    ],
)
def test_what_looks_personal_is_replaced_by_its_kind(text: str, redacted: str):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "/",
        "/blog/2024/10/05/how-to-write-good-python-code",
        "/2024-10-05",
        "2024-10-05T12:34:56+02:00",
        "12:34:56",
        "/v1.2.3",
        "/v4.17.21.0",
        "1.2.3.4.5",
        "300.1.2.3",
        "19.99",
        "$1,299.00",
        "1,234,567.89",
        "/products/12345678",
        "/orders/2125550123",
        "/status/1234567890123456789",
        "1795316781571",
        "1795316781571000",
        "4111111111111112",
        "/products/dell-xps13-9310-i7-1165g7-16gb-512gb-ssd",
        "/releases/2024-10-05-release-notes-v2-3-1-and-more",
        "/Top-10-Python-Tips-For-Beginners-In-2024",
        "/HowToWriteGoodPythonCodeIn2024",
        "/donaudampfschifffahrtsgesellschaftskapitaen",
        "/@jane/post",
        "/npm/@scope/name@1.2.3",
        "vue@next",
        "/caf%C3%A9/100%25",
        "std::vector",
        "Mozilla/5.0",
        "::1",
        "a::b",
        "deadbeefdeadbeefdead",  # no digit: a word
        "eyJ",
    ],
)
def test_what_only_looks_like_it_stays(text: str):
    assert redact(text) == text


@given(st.text(st.characters(exclude_categories=()), max_size=5_000))
def test_any_text_is_made_storable(text: str):
    cleaned = clean(text, 100)
    assert len(cleaned.encode()) <= 100
    assert "\0" not in cleaned


NEWER = [
    "&#64;",
    "&a",
    "a=",
    "?token=a",
    '"a":',
    "DE11",
    "00 ",
    "1-",
    "//a@",
    "[at]",
    r"\u0040",
    "a'b@",
    "Bearer ",
    "\uff11\uff0e",
]


@pytest.mark.parametrize(
    "piece", ["a@", ".a@", "1.", "1 ", "a:", "+1 ", "eyJa", "a1-", "%25", "%2", "4-", "deadbeef1-", "(2", *NEWER]
)
def test_hostile_repetition_is_read_in_one_pass(piece: str):
    assert len(redact(piece * 1_000_000)) <= 4096


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\0b\x1b[31m", "ab[31m"),
        ("a\r\nb\tc", "a  b c"),
        ("a\u202eb\u200b", "ab"),
        ("a\ud800b", "ab"),
        ("caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600"),
    ],
)
def test_control_characters_and_forged_directions_go(text: str, cleaned: str):
    assert clean(text, 100) == cleaned


@pytest.mark.parametrize(
    ("limit", "kept"), [(0, ""), (1, "a"), (2, "a"), (3, "a\u00e9"), (6, "a\u00e9"), (7, "a\u00e9\U0001f600")]
)
def test_a_cut_falls_between_characters(limit: int, kept: str):
    assert clean("a\u00e9\U0001f600", limit) == kept


@pytest.mark.parametrize(
    ("said", "is_whose"),
    [
        ("turn_1795316781570_fzb4uohwl", False),
        ("db642413-7c1e-4f0a-9b55-2a86c0f1d7e3", False),
        ("chat-1.2.3", False),
        ("555-123-4567", False),
        ("4111111111111111", False),
        ("jane@shop.example", True),
        ("from 203.0.113.77", True),
        ("2001:db8::1:2", True),
        ("for +49 170 1234567", True),
        ("203%2E0%2E113%2E77", True),
    ],
)
def test_an_id_that_says_by_itself_whose_it_is_is_told_from_others(said: str, is_whose: bool):  # noqa: FBT001  # a table
    assert holds_somebody(said) is is_whose
