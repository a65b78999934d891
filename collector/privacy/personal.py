"""Which names say that their value is personal, or who somebody is: of properties, of what is nested in them, of parameters."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

KEY_BYTES: Final = 300

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# A property with one of these words in its name is dropped, whatever its value.
_PERSONAL_WORDS = frozenset(
    {"password", "passwd", "passcode", "passphrase", "pwd", "secret", "token", "jwt", "auth", "authorization", "bearer"}
    | {"credential", "credentials", "cookie", "apikey", "email", "mail", "phone", "telephone", "msisdn", "fax"}
    | {"ssn", "passport", "iban", "cvv", "cvc", "birthday", "birthdate", "dob", "surname", "firstname", "lastname"}
    | {"fullname", "ip", "ipaddress", "useragent"}
)
# The same written as two words: ``first_name`` and ``firstName``, ``creditCard`` and ``credit-card``.
_PERSONAL_PAIRS = frozenset(
    {("first", "name"), ("last", "name"), ("full", "name"), ("family", "name"), ("given", "name"), ("maiden", "name")}
    | {
        ("credit", "card"),
        ("card", "number"),
        ("account", "number"),
        ("social", "security"),
        ("birth", "date"),
        ("of", "birth"),
    }
    # What was asked of an AI, and what it answered.
    | {("prompt", "text"), ("ai", "response"), ("ai", "output")}
    | {("api", "key"), ("access", "key"), ("private", "key"), ("session", "id"), ("user", "agent"), ("street", "address")}
    | {("postal", "address"), ("home", "address"), ("remote", "addr")}
)
# A property with one of these words in its name says who somebody is; families that know people store a pseudonym of it.
_IDENTITY_WORDS = frozenset(
    {"email", "mail", "username", "nickname", "surname", "firstname", "lastname", "fullname", "displayname", "login"}
    | {"uid", "userid", "anonymousid", "deviceid", "distinctid", "visitorid", "customerid", "memberid", "accountid", "clientid"}
)
# And these say so only where they are all that the name says: a page has a name, too.
_IDENTITY_ALONE = (["name"], ["anon"])
# Words between whose it is and what of theirs it is: ``user_info.id``.
_BETWEEN = frozenset({"info", "data", "details", "profile"})
_NAMED = ("user", "person", "customer", "member", "account", "client", "visitor", "contact", "owner", "author")
# As a list of them is called: ``users.0.id``.
_LISTED = tuple(f"{whose}s" for whose in _NAMED)
_IDENTITY_PAIRS = frozenset(
    {(whose, "id") for whose in (*_NAMED, *_LISTED, "anonymous", "anon", "device", "distinct")}
    | {
        (whose, "name")
        for whose in (*_NAMED, "first", "last", "full", "family", "given", "maiden", "middle", "display", "nick")
    }
)


def is_personal(key: str) -> bool:
    """Say whether *key* names something personal, in snake_case, camelCase or kebab-case."""
    words = [word.lower() for word in _WORD.findall(key[:KEY_BYTES])]
    if not _PERSONAL_WORDS.isdisjoint(words):
        return True
    return not _PERSONAL_PAIRS.isdisjoint(pairwise(words))


def is_identity(key: str) -> bool:
    """Say whether *key* names who somebody is, such as ``user_id``, ``anonymousId``, ``email`` or ``name``."""
    words = [word.lower() for word in _WORD.findall(key[:KEY_BYTES])]
    if not _IDENTITY_PAIRS.isdisjoint(pairwise(word for word in words if word not in _BETWEEN)):
        return True
    return words in _IDENTITY_ALONE or not _IDENTITY_WORDS.isdisjoint(words)


def of_path(path: Sequence[str]) -> tuple[bool, bool]:
    """Say whether the names in *path* say who somebody is, and whether they are personal.

    ``id`` within ``user`` does as ``user_id`` does, also where a place in a list stands between them.
    """
    named = [name for name in path if not name.isdecimal()]
    names = [*named, *map(".".join, pairwise(named))]
    # Of an object only what is in it may say so, which has a path of its own.
    is_somebody = bool(named) and named[-1].lower() == "user"
    return is_somebody or any(map(is_identity, names)), any(map(is_personal, names))
