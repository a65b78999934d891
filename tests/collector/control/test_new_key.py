"""A key is made once, shown once, told by its digest, and found wherever a request may show it."""

import base64

import pytest
from rich.pretty import pretty_repr

from collector.control.new_key import new_key
from collector.settings import read_settings
from contracts.control.keys import Scope
from contracts.keys import digest_of, id_in, key_in_authorization, same_digest


def test_a_key_names_its_id_and_has_a_secret_that_nobody_keeps():
    made = new_key()
    assert id_in(made.text) == made.id
    assert digest_of(made.text) == made.digest
    secret = made.text.rpartition(f"{made.id}_")[2]
    assert len(base64.urlsafe_b64decode(f"{secret}=")) == 32
    assert secret not in repr(made)
    assert secret not in pretty_repr(made)
    assert new_key().text != made.text


@pytest.mark.parametrize(
    "text", ["", "ck", "ck__", "ck_1_short", f"ck_{'1' * 33}_{'k' * 43}", f"sk_1_{'k' * 43}", f"ck_1_{'k' * 44}"]
)
def test_what_is_not_written_as_a_key_names_none(text: str):
    assert id_in(text) is None


def test_a_digest_is_compared_also_where_there_is_none():
    assert same_digest(digest_of("a"), digest_of("a"))
    assert not same_digest(digest_of("a"), digest_of("b"))
    assert not same_digest("0" * 64, None)


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("abc", "abc"),
        (f"Basic {base64.b64encode(b'abc:').decode()}", "abc"),
        (f"Basic {base64.b64encode(b'abc:ignored').decode()}", "abc"),
        ("Basic !", ""),
        (f"Basic {base64.b64encode(bytes([255])).decode()}", ""),
        ("Digest abc", ""),
        ("", ""),
    ],
)
def test_a_key_is_found_in_every_form_of_authorization(said: str, key: str):
    assert key_in_authorization(said) == key


def test_a_listed_key_is_known_by_its_digest_and_nothing_shows_it():
    text = ":colon" * 3
    collection = read_settings({"COLLECTOR_API_KEYS": f"acme:ingest+identity:override:{text}, main:read:{'k' * 16}"}).collection
    first, second = collection.api_keys
    assert (first.id, first.tenant, first.digest) == ("listed1", "acme", digest_of(text))
    assert first.scopes == {Scope.INGEST, Scope.OVERRIDE_IDENTITY}
    assert (second.id, second.scopes) == ("listed2", {Scope.READ})
    for shown in (repr(collection), repr(first), pretty_repr(first), pretty_repr([first])):
        assert text not in shown
        assert first.digest not in shown
