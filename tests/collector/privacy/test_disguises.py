"""What looks personal however it is written, each beside what is written alike; and a corpus of ordinary texts that stay."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.privacy.props import redact_props
from collector.privacy.redact import LONGEST, clean, redact
from collector.privacy.url import reduce_url

CORPUS = Path(__file__).parents[2] / "data" / "ordinary.txt"
ORDINARY = [line for line in CORPUS.read_text(encoding="utf-8").splitlines() if not line.startswith("# ")]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300) | st.text("0123456789.-:@%=&?/ aZ[]\"'+_", max_size=80)


def test_nothing_is_taken_out_of_ordinary_texts():
    assert len(ORDINARY) > 450
    assert [text for text in ORDINARY if redact(text) != text] == []
    assert [text for text in ORDINARY if text.startswith("/") and "[" in reduce_url(text).path] == []
    # A name of a property, a campaign and an event are cut, but otherwise the same.
    assert [text for text in ORDINARY if clean(text, LONGEST) != text and text.isprintable()] == []


@pytest.mark.parametrize(
    "text",
    [
        "jane\uff20example.org",
        "jane\ufe6bexample.org",
        "jane[at]example.org",
        "jane [at] example [dot] org",
        "jane(at)example(dot)org",
        "jane {AT} example.org",
        "jane<at>example.org",
        "jane&#64;example.org",
        "jane&#x40;example&period;org",
        "jane&commat;example.org",
        "jane&#64example.org",
        "jane&amp;#64;example.org",
        '"jane doe"@example.org',
        "o'brien@example.org",
        "jane@localhost",
        "jane@[192.0.2.1]",
        "jane@[IPv6:2001:db8::1]",
        "jane@192.0.2.1",
        "jane%40example.org",
        "jane%2540example.org",
        "jane%252540example.org",
        "jane%25252540example.org",
        r"jane\u0040example.org",
        "jane%u0040example.org",
        "jane@exam\u00adple.org",
        "jane@example\u3002org",
        "jos\u00e9+tag@ex\u00e4mple.org",
        "jane@\u65e5\u672c\u8a9e.jp",
    ],
)
def test_an_e_mail_address_is_found_however_it_is_written(text: str):
    assert redact(text) == "[email]"
    assert redact(f"write to {text} now") == "write to [email] now"
    assert reduce_url(f"/?utm_campaign={quote(text)}").tags.utm_campaign == "[email]"
    assert reduce_url(f"/u/{quote(text)}/edit").path == "/u/[email]/edit"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("https://jane:secret@shop.example/x", "https://[user]@shop.example/x"),
        ("https://jane@shop.example/", "https://[user]@shop.example/"),
        ("ftp://jane:p@ss@files.example", "ftp://[user]@files.example"),
        ("https://medium.example/@jane/post", "https://medium.example/@jane/post"),
        ("//shop.example/@x", "//shop.example/@x"),
    ],
)
def test_whoever_an_address_signs_in_goes(text: str, redacted: str):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("https://shop.example/reset?token=abcdef", "https://shop.example/reset?token=[token]"),
        ("/reset?lang=de&token=abcdef#top", "/reset?lang=de&token=[token]#top"),
        ("https://shop.example/#access_token=abc&state=1", "https://shop.example/#access_token=[token]&state=1"),
        ("https://shop.example/#/access_token=abc", "https://shop.example/#/access_token=[token]"),
        ("https://shop.example/cb#id_token=abc", "https://shop.example/cb#id_token=[token]"),
        ("https://shop.example/?sessionToken=abc&x=1", "https://shop.example/?sessionToken=[token]&x=1"),
        ("https://shop.example/cart;jsessionid=abc?x=1", "https://shop.example/cart;jsessionid=[token]?x=1"),
        ("https://shop.example/?PHPSESSID=abc", "https://shop.example/?PHPSESSID=[token]"),
        ("https://shop.example/?api_key=abc&password=hunter2", "https://shop.example/?api_key=[token]&password=[token]"),
        ("https://files.example/a?X-Amz-Signature=0abc", "https://files.example/a?X-Amz-Signature=[token]"),
        ("https://shop.example/?code=4/0AX4XfWhabcdefghij", "https://shop.example/?code=[token]"),
        ("login?next=%2Freset%3Ftoken%3Dabc", "login?next=/reset?token=[token]"),
        ("login token=abc", "login token=[token]"),
        ('{"token": "abc", "plan": "pro"}', '{"token": "[token]", "plan": "pro"}'),
        ("Authorization: Bearer abc.def", "Authorization: [token]"),
        ("sent Bearer abcdefgh1", "sent Bearer [token]"),
        ("https://shop.example/?name=Jane+Doe&plan=pro", "https://shop.example/?name=[private]&plan=pro"),
        ("https://shop.example/?first_name=Jane&user_id=7", "https://shop.example/?first_name=[private]&user_id=[private]"),
        ("https://shop.example/?email=jane&tel=22334455", "https://shop.example/?email=[private]&tel=[private]"),
        ("https://shop.example/?dob=1990-01-01", "https://shop.example/?dob=[private]"),
        # Written alike, and nobody's.
        ("https://shop.example/?code=SPRING20", "https://shop.example/?code=SPRING20"),
        ("https://shop.example/?key=category&state=open", "https://shop.example/?key=category&state=open"),
        ("https://shop.example/?tokens=3&sort=name", "https://shop.example/?tokens=3&sort=name"),
        (
            "https://shop.example/?first=10&from=2024-10-01&to=2024-10-05",
            "https://shop.example/?first=10&from=2024-10-01&to=2024-10-05",
        ),
        ("https://shop.example/?mobile=1&auth_required=no", "https://shop.example/?mobile=1&auth_required=no"),
        ("https://shop.example/shoes;name=runner", "https://shop.example/shoes;name=runner"),
        ("name=value", "name=value"),
        ("Unexpected token = in JSON", "Unexpected token = in JSON"),
    ],
)
def test_a_secret_and_a_person_are_told_by_their_parameters_name(text: str, redacted: str):
    assert redact(text) == redacted
    assert redact_props({"url": text}) == {"url": redacted}
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("4111.1111.1111.1111", "[card]"),
        ("4111_1111_1111_1111", "[card]"),
        ("4111\u20131111\u20131111\u20131111", "[card]"),
        ("4111\u00a01111\u00a01111\u00a01111", "[card]"),
        ("4111.1111.1111.1112", "4111.1111.1111.1112"),
        ("20241005123456", "20241005123456"),
        ("2024100512345678", "2024100512345678"),
        ("DE89 3704 0044 0532 0130 00", "[iban]"),
        ("DE89370400440532013000", "[iban]"),
        ("de89-3704-0044-0532-0130-00", "[iban]"),
        ("pay to GB29 NWBK 6016 1331 9268 19 now", "pay to [iban] now"),
        ("NO93 8601 1117 947", "[iban]"),
        ("DE88 3704 0044 0532 0130 00", "DE88 3704 0044 0532 0130 00"),
        ("078-05-1120", "[ssn]"),
        ("078 05 1120", "[ssn]"),
        ("000-05-1120", "000-05-1120"),
        ("666-05-1120", "666-05-1120"),
        ("900-05-1120", "900-05-1120"),
        ("078-00-1120", "078-00-1120"),
        ("1-078-05-1120", "1-078-05-1120"),
        ("2024-10-05", "2024-10-05"),
        ("0047 22 33 44 55", "[phone]"),
        ("004722334455", "[phone]"),
        ("00 47 22334455", "[phone]"),
        ("0049 (0)30 123456", "[phone]"),
        ("0012125550123", "[phone]"),
        ("\uff0b47 22 33 44 55", "[phone]"),
        ("+44 (0)20 7946 0958", "[phone]"),
        ("+47\u201122\u201133\u201144\u201155", "[phone]"),
        ("0012345678905", "0012345678905"),  # an article's number
        ("0012345678", "0012345678"),
        ("0000123456", "0000123456"),
        ("00012345600012", "00012345600012"),
        ("2125550123", "2125550123"),
        ("007", "007"),
    ],
)
def test_a_number_is_somebodys_when_its_form_and_its_check_say_so(text: str, redacted: str):
    assert redact(text) == redacted
    assert redact(f"/n/{text}/x") == f"/n/{redacted}/x"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("198-51-100-98", "[ip]"),
        ("198_51_100_98", "[ip]"),
        ("192-0-2-77", "[ip]"),
        ("66-249-66-1", "[ip]"),
        ("ip-10-0-0-5", "ip-[ip]"),
        ("ec2-198-51-100-98.compute.example", "ec2-[ip].compute.example"),
        ("198-51-100-98-static.isp.example", "[ip]-static.isp.example"),
        ("198[.]51[.]100[.]98", "[ip]"),
        ("198.051.100.098", "[ip]"),
        ("\uff11\uff19\uff18\uff0e\uff15\uff11\uff0e\uff11\uff10\uff10\uff0e\uff19\uff18", "[ip]"),
        ("0xC6.0x33.0x64.0x62", "[ip]"),
        ("::ffff:198.51.100.98", "[ip]"),
        ("::ffff:c633:6462", "[ip]"),
        ("[2001:db8::1]:443", "[[ip]]:443"),
        ("2001%253Adb8%253A%253A1", "[ip]"),
        # An order number may be the same as an address written as one number, so that one stays.
        ("3325256802", "3325256802"),
        ("1-2-3-4", "1-2-3-4"),
        ("10-20-30-40", "10-20-30-40"),
        ("300-51-100-98", "300-51-100-98"),
        ("2024-10-05-12", "2024-10-05-12"),
        ("tyres-205-55-16-91-winter", "tyres-205-55-16-91-winter"),
        ("version 1.2.3.4", "version 1.2.3.4"),
        ("rails-7.1.3.4", "rails-7.1.3.4"),
        ("Chrome/126.0.0.0", "Chrome/126.0.0.0"),
        ("01.02.03.04", "01.02.03.04"),
    ],
)
def test_a_network_address_is_found_in_each_of_its_forms_but_one(text: str, redacted: str):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("AKIAIOSFODNN7EXAMPLE", "[token]"),
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "[token]"),
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "[token]"),
        ("xoxb-123456789012-abcdef", "[token]"),
        ("/avatar/d41d8cd98f00b204e9800998ecf8427e.jpg", "/avatar/[token].jpg"),
        ("/static/app.d41d8cd98f00b204e9800998ecf8427e.css", "/static/app.d41d8cd98f00b204e9800998ecf8427e.css"),
        ("sketch-live-drawing-for-beginners", "sketch-live-drawing-for-beginners"),
    ],
)
def test_a_key_is_told_by_its_beginning_and_what_is_built_by_its_end(text: str, redacted: str):
    assert redact(text) == redacted


@given(ANY_TEXT)
def test_what_was_redacted_once_is_not_redacted_again(text: str):
    cleaned = clean(text, LONGEST)
    assert clean(cleaned, LONGEST) == cleaned
