"""Secrets and people in the addresses, links and documents that a text holds: told by the name that stands before them."""

import functools
import re
from typing import Final

from collector.privacy.personal import is_identity, is_personal

# "name=value" as it stands in an address, or by itself; and "name": "value" as in JSON.
_PARAMETER: Final = re.compile(r"(?<![\w.~%\[\]-])(?P<name>[\w.~%\[\]-]{1,64})=(?P<value>[^?&#;\s\"'<>]+)")
_MEMBER: Final = re.compile(r"\"(?P<name>[\w.-]{1,64})\"\s{0,4}:\s{0,4}\"(?P<value>[^\"]+)\"")
_AUTHORIZATION: Final = re.compile(
    r"(?P<name>\bauthorization)(?P<between>[\"']?\s{0,4}[:=]\s{0,4}[\"']?)(?:(?:Bearer|Basic|Token|Digest)\s+)?[^\s\"'\[]+"
    r"|(?P<scheme>\bBearer )(?=[^\s]*[0-9])[\w.~+/=-]{8,}",
    re.IGNORECASE,
)
# Whoever has this is let in; it may stand outside of an address, too.
_SECRETS: Final = re.compile(
    r"(?:.*[_.-])?(?:(?:access|refresh|id|auth|api|csrf|xsrf|reset|login|security|session|bearer|invite)[_-]?)?(?:token|secret|jwt|passw(?:or)?d|pwd)"
    r"|(?:x-)?api[_-]?key|access[_-]?key|private[_-]?key|(?:[jp]?_?session_?id|phpsessid|sess_?id|sid)|client[_-]?secret",
    re.IGNORECASE,
)
# The same in an address alone: elsewhere these are ordinary words.
_IN_ADDRESSES: Final = frozenset(
    {"auth", "authorization", "otp", "pin", "ticket", "nonce", "signature", "sig", "hmac", "credential", "passcode", "magic"}
    | {"x-amz-signature", "x-amz-credential", "samlresponse", "samlrequest", "assertion", "oauth_verifier", "oauth_token"}
    | {"code_verifier", "cfid", "cftoken"}
)
# What may be a code of a sign-in or of a sale: only what is long and random is taken for the first.
_CODES: Final = frozenset(
    {"code", "state", "key", "hash", "t", "k", "c", "invite", "invitation", "reset", "verify", "verification", "confirm"}
    | {"activation"}
)
_RANDOM: Final = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z]).{16,}")
_PEOPLE: Final = frozenset(
    {
        "user",
        "tel",
        "mobile",
        "addr",
        "address",
        "street",
        "zip",
        "postcode",
        "postalcode",
        "dob",
        "birthdate",
        "fname",
        "lname",
    }
    | {"vorname", "nachname", "recipient", "subscriber", "mc_eid"}
)
_TOLD: Final = re.compile(r"\[\w+\](?:@.*)?")


def without_parameters(text: str) -> str:
    """Return *text* without what its parameters' names say is a secret or somebody."""
    if "=" in text:
        text = _PARAMETER.sub(_parameter, text)
    if '"' in text and ":" in text:
        text = _MEMBER.sub(_member, text)
    lowered = text.lower()
    if "authorization" in lowered or "bearer " in lowered:
        text = _AUTHORIZATION.sub(_authorization, text)
    return text


def _parameter(match: re.Match[str]) -> str:
    value = match["value"]
    before = match.string[match.start() - 1 : match.start()]
    kind = _kind(match["name"], is_in_address=before != "" and before in _ADDRESSES)
    if kind == _PRIVATE and (before not in _QUERIES or value.lower() in _SWITCHES):
        return match[0]
    if not kind or _TOLD.fullmatch(value) or (kind == _CODE and _RANDOM.fullmatch(value) is None):
        return match[0]
    return f"{match['name']}={'[token]' if kind == _CODE else kind}"


_ADDRESSES: Final = "?&#;/"
# A page may be called name=... in its path; a flag says nothing of anybody.
_QUERIES: Final = "?&#"
_SWITCHES: Final = frozenset({"0", "1", "true", "false", "yes", "no", "on", "off", "null", "undefined"})
_PRIVATE: Final = "[private]"
_CODE: Final = "code"


def _member(match: re.Match[str]) -> str:
    kind = _kind(match["name"], is_in_address=True)
    if not kind or kind == _CODE or _TOLD.fullmatch(match["value"]):
        return match[0]
    return match[0][: match.start("value") - match.start()] + f'{kind}"'


def _authorization(match: re.Match[str]) -> str:
    return f"{match['scheme']}[token]" if match["scheme"] else f"{match['name']}{match['between']}[token]"


@functools.lru_cache(maxsize=1024)
def _kind(name: str, *, is_in_address: bool) -> str:
    """Return what goes in the place of a value with this *name*, "" for the value itself."""
    if _SECRETS.fullmatch(name):
        return "[token]"
    if not is_in_address:
        return ""
    word = name.lower()
    if word in _IN_ADDRESSES:
        return "[token]"
    if word in _CODES:
        return _CODE
    return _PRIVATE if word in _PEOPLE or is_identity(name) or is_personal(name) else ""
