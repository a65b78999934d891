"""Which properties of an event may be kept?"""

import pytest

from collector.privacy.personal import is_personal
from collector.privacy.props import redact_props

PERSONAL = """
    email userEmail USER_EMAIL e_mail customer-email password newPassword phone phone_number ssn token accessToken csrf_token
    apiKey api_key first_name lastName creditCard card-number clientIP client_ip ip userAgent user_agent sessionId Authorization
    cookie date_of_birth dob iban
"""


IDENTITY = """
    user_id userId anonymousId device_id name username cart.owner.userId user.id user event.user user_info.id deviceInfo.id
    user.profile.name users.0.id
"""


@pytest.mark.parametrize("key", IDENTITY.split())
def test_a_property_that_says_who_somebody_is_is_dropped_unless_the_policy_names_it(key: str):
    assert redact_props({key: "x", "plan": "pro"}) == {"plan": "pro"}
    assert redact_props({key: "x"}, kept=frozenset({key})) == {key: "x"}


@pytest.mark.parametrize(
    "key",
    [
        "plan",
        "name",
        "user.plan",
        "dataName",
        "info.id",
        "tokens",
        "prompt_tokens",
        "zip",
        "shipping",
        "author",
        "card",
        "secretary",
        "",
        "\u00e9",
    ],
)
def test_an_ordinary_name_stays(key: str):
    assert not is_personal(key)


@pytest.mark.parametrize("key", ["user.plan", "dataName", "info.id", "user_count", "superuser"])
def test_what_only_looks_like_somebody_stays(key: str):
    assert redact_props({key: "x"}) == {key: "x"}


def test_names_and_values_are_redacted():
    assert redact_props({"jane@example.org": "from 203.0.113.9", "note": "call +4722334455"}) == {
        "[email]": "from [ip]",
        "note": "call [phone]",
    }


def test_numbers_and_truths_stay_what_they_are():
    props = {"n": 5, "price": 19.99, "ok": True, "negative": -1.5e300}
    assert redact_props(props) == props
    assert redact_props({"ok": True})["ok"] is True


def test_a_card_without_quotes_is_a_card():
    assert redact_props({"n": 4111111111111111}) == {"n": "[card]"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 2**63, -(2**64)])
def test_a_number_that_cannot_be_stored_is_dropped(number: float):
    assert redact_props({"n": number, "plan": "pro"}) == {"plan": "pro"}


def test_at_most_30_properties_are_kept():
    assert list(redact_props({f"key {number}": number for number in range(40)})) == [f"key {number}" for number in range(30)]


def test_names_are_cut_to_300_and_values_to_2000_bytes():
    assert redact_props({"\u00e9" * 400: "\u00e9" * 4_000}) == {"\u00e9" * 150: "\u00e9" * 1_000}


def test_a_number_too_long_to_print_is_dropped_without_printing_it():
    assert redact_props({"n": 10**5_000}) == {}
