"""Who somebody is, in ids, properties and texts: a pseudonym, nobody or the id itself, as the site's policy says."""

import pytest
from rich.pretty import pretty_repr

from collector.privacy.identity import MOST_PROPS, NOBODY, Identity, identity_of, needs_secret
from collector.privacy.pseudonym import TenantSecret
from collector.sites import Rules, Site
from contracts.control.sites import Identity as Policy
from contracts.pseudonym import pseudonym

KEY = b"a" * 32
SECRET = TenantSecret(key=KEY)
JANE = "jane@example.org"
USER = "user-4711"
HASHED = pseudonym(KEY, site="shop.example", user=USER)


def policy(name: str, *kept: str) -> Identity:
    site = Site(tenant="main", id="shop.example", rules=Rules(identity=Policy(name), kept=frozenset(kept)))
    return identity_of(site, SECRET)


def test_an_id_is_a_pseudonym_unless_the_site_says_otherwise():
    undecided = identity_of(Site(tenant="main", id="shop.example"), SECRET)
    assert undecided.subject(USER) == HASHED
    assert [policy(name).subject(USER) for name in Policy] == ["", HASHED, USER]
    assert {each.subject("") for each in (undecided, policy("plain"))} == {""}


def test_no_pseudonym_is_made_without_a_secret():
    site = Site(tenant="main", id="shop.example")
    assert needs_secret(site)
    with pytest.raises(ValueError, match="needs its tenant's secret"):
        identity_of(site, None)
    assert not needs_secret(Site(tenant="main", id="shop.example", rules=Rules(identity=Policy.PLAIN)))
    assert NOBODY.subject(USER) == ""


@pytest.mark.parametrize(
    "key",
    [
        "user_id",
        "userId",
        "USER_ID",
        "userid",
        "user-id",
        "uid",
        "anonymousId",
        "anonymous_id",
        "device_id",
        "deviceId",
        "distinct_id",
        "customerId",
        "email",
        "Email",
        "mail",
        "name",
        "username",
        "firstName",
        "last_name",
        "fullname",
        "login",
        "anon",
    ],
)
def test_whatever_names_somebody_gets_the_policy_wherever_it_stands(key: str):
    props = {key: JANE, "cart": {"buyer": [{key: JANE}]}}
    stored = policy("pseudonymous", key, f"cart.buyer.0.{key}").props(props, of=())
    hashed = pseudonym(KEY, site="shop.example", user=JANE)
    assert stored == {key: hashed, f"cart.buyer.0.{key}": hashed}
    assert policy("anonymous").props(props, of=()) == {}
    assert set(policy("plain").props(props, of=()).values()) == {JANE}


@pytest.mark.parametrize(
    ("props", "path"),
    [
        ({"user": {"id": JANE}}, "user.id"),
        ({"context": {"device": {"id": JANE}}}, "context.device.id"),
        ({"members": [{"id": JANE}]}, "members.0.id"),
        ({"author": {"profile": JANE, "ID": JANE}}, "author.ID"),
    ],
)
def test_two_names_of_a_path_name_somebody_as_one_name_does(props: dict[str, object], path: str):
    assert policy("pseudonymous").props(props, of=())[path] == pseudonym(KEY, site="shop.example", user=JANE)
    assert path not in policy("anonymous").props(props, of=())


def test_two_names_of_a_path_are_personal_as_one_name_is():
    props = {"home": {"address": "1 Elm St", "colour": "red"}, "api": {"key": "open sesame"}}
    assert policy("pseudonymous").props(props, of=()) == {"home.colour": "red"}


def test_a_value_or_a_name_that_is_the_users_id_is_the_pseudonym_too():
    identity = policy("pseudonymous", "note")
    stored = identity.props({"note": USER, "seen": {USER: 1}, "code": 4711, "other": "4712"}, of=(USER, "4711", ""))
    code = pseudonym(KEY, site="shop.example", user="4711")
    assert stored == {"note": HASHED, f"seen.{HASHED}": 1, "code": code, "other": "4712"}


def test_the_rest_is_redacted_unless_the_policy_keeps_it():
    props = {"plan": "pro", "contact": f"write {JANE}", "password": "x", "note": f"to {JANE}", "count": 3, "is_new": True}
    stored = policy("pseudonymous", "note").props(props, of=(USER,))
    assert stored == {"plan": "pro", "contact": "write [email]", "note": f"to {JANE}", "count": 3, "is_new": True}


def test_names_of_things_are_no_names_of_people():
    props = {"plan_name": "gold", "buttonName": "Buy", "id": "p1", "product_id": "p2"}
    assert policy("pseudonymous").props(props, of=()) == props


def test_an_object_of_somebody_is_read_with_what_stands_in_it():
    props = {"user": {"id": JANE, "plan": "pro"}, "customer": [{"id": JANE}], "cart": {"id": "c1"}, "credit": {"card": "x"}}
    hashed = pseudonym(KEY, site="shop.example", user=JANE)
    stored = policy("pseudonymous").props(props, of=())
    assert stored == {"user.id": hashed, "user.plan": "pro", "customer.0.id": hashed, "cart.id": "c1"}


def test_what_is_nested_is_told_by_its_path_and_has_an_end():
    deep: object = 1
    for _ in range(50):
        deep = {"a": deep}
    stored = policy("plain").props(
        {"deep": deep, "list": [1, {"b": 2}], "none": None, "nan": float("nan"), "vast": 2**70}, of=()
    )
    assert stored == {"list.0": 1, "list.1.b": 2}
    assert len(policy("plain").props({str(number): number for number in range(10_000)}, of=())) == MOST_PROPS


def test_texts_are_dropped_unless_named_and_comments_redacted():
    identity = policy("pseudonymous", "promptText")
    assert identity.text("promptText", f"I am {JANE}") == f"I am {JANE}"
    assert identity.text("aiResponse", "hello") == ""
    assert identity.comment(f"good, ask {JANE}\x00") == "good, ask [email]"


def test_no_repr_shows_the_secret():
    assert "aaaa" not in repr(policy("pseudonymous")) + pretty_repr(policy("pseudonymous"))
