"""Whether an event may be recorded: every value as the contract wants it, and told with what to do when one is not."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Final, TypeVar
from zoneinfo import available_timezones

import msgspec

from collector.control.decided import invalid, not_found
from contracts.control import CONTROL_CODEC
from contracts.control.envelope import ControlEvent
from contracts.control.stream import MAX_EVENT_BYTES
from contracts.names import canonical_site

T = TypeVar("T")
# A tenant's name stands in subjects and hashes beside a site's, and both fit the id of a thing.
LONGEST_TENANT: Final = 140
MOST_NAMES: Final = 100
MOST_IN_A_LIST: Final = 100
# What a pattern says behind its first star is looked for at every place of a path, of each hit: with as many characters in all
# patterns of a site that takes half a millisecond at worst, while everybody else waits.
MOST_BEHIND_STARS: Final = 500

_WHAT_TO_DO: Final = {
    "by": "Say who decides it, such as member:<id>, key:<id>, here or settings.",
    "label": "Send at most 100 characters, without line breaks and other control characters.",
    "timezone": "Send an IANA name such as Europe/Oslo, or UTC.",
    "origins": "Send origins as a browser says them, such as https://shop.example, without a path and in lower case.",
    "kept": "Send names of properties of 1 to 120 characters, without control characters.",
    "identity": "Send anonymous, pseudonymous or plain.",
    "paths": "Send paths of at most 500 characters that begin with a slash, in which * stands for anything.",
    "countries": "Send countries by their two capital letters, such as NO.",
    "hosts": "Send hosts such as staging.shop.example.",
    "referrers": "Send hosts such as spam.example.",
    "scopes": "Send some of ingest, read, admin, identity:override and import.",
    "kind": "Send public or secret.",
    "digest": "Send a SHA-256 as 64 hexadecimal digits in lower case.",
    "grants": "Send roles, each owner, editor or viewer, with the tenant and the site that it is for.",
    "expires_at": "Send a time with its time zone.",
    "until": "Send a time with its time zone.",
    "name": "Send a name of 1 to 100 characters, without line breaks and other control characters.",
    "page": "Send a path of at most 500 characters that begins with a slash, in which * stands for anything.",
    "event": "Send the name of an event, of 1 to 500 characters.",
    "props": "Send properties whose names have 1 to 120 characters, and whose values at most 500, without control characters.",
    "steps": "Send steps, each a path that begins with a slash or the name of an event, of at most 500 characters.",
    "amount": "Send an amount such as 49.90, and its currency by three capital letters, such as EUR.",
    "erased": "Send runs of sequences, each a first and a last one.",
}
_ELSE: Final = "Send a value of the form that the documentation of this field names."
_PLACE = re.compile(r"`\$\.([a-z_.]+)")
_TENANT = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_KEY_ID = re.compile(r"[0-9a-z]{1,32}")
_MEMBER_ID = re.compile(r"[0-9a-z_-]{1,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def check(event: ControlEvent) -> None:
    """Raise Undecided when *event* is not what its contract says, or is too large for the stream."""
    try:
        body = CONTROL_CODEC.encode(event)
    except UnicodeError:
        raise invalid("", "Send text in UTF-8, without halves of characters.") from None
    if len(body) > MAX_EVENT_BYTES - 1024:
        raise invalid("", "That is too much for one decision. Send less at once.")
    try:
        msgspec.json.decode(body, type=type(event))
    except msgspec.ValidationError as error:
        field = _field(str(error))
        raise invalid(field, _WHAT_TO_DO.get(field, _ELSE)) from None


def known_tenant(name: str, *, sought: str = "tenant") -> str:
    """Return the name of a tenant that there may be, or raise Undecided: none of another form has what is *sought*."""
    if _TENANT.fullmatch(name) is None or len(name) > LONGEST_TENANT:
        raise not_found(sought)
    return name


def new_tenant(name: str) -> str:
    """Return the name of a tenant as it may be added."""
    if _TENANT.fullmatch(name) is None or len(name) > LONGEST_TENANT:
        raise invalid("name", f"Send at most {LONGEST_TENANT} of a-z, 0-9, dash and underscore, with dots between them.")
    return name


def known_site(key: str) -> str:
    """Return the key of a site that there may be."""
    if canonical_site(key) != key:
        raise not_found("site")
    return key


def new_name(text: str, field: str = "name") -> str:
    """Return the canonical name of a site that *text* means."""
    name = canonical_site(text)
    if name is None:
        raise invalid(field, "Send a name such as shop.example: letters, digits, dots, dashes, underscores, at most 253.")
    return name


def known_key(short: str) -> str:
    """Return the id of a key that there may be."""
    return _fitting(_KEY_ID, short, "key")


def new_key(short: str) -> str:
    """Return the id of a key as it may be issued."""
    if _KEY_ID.fullmatch(short) is None:
        raise invalid("key", "Send an id of 1 to 32 of 0-9 and a-z.")
    return short


def known_member(short: str) -> str:
    """Return the id of a member that there may be."""
    return _fitting(_MEMBER_ID, short, "member")


def known_session(digest: str) -> str:
    """Return the digest of a session that there may be."""
    return _fitting(_DIGEST, digest, "session")


def zone(name: str) -> str:
    """Return the name of a time zone, which is one that everybody knows."""
    if name not in _zones():
        raise invalid("timezone", _WHAT_TO_DO["timezone"])
    return name


def listed(field: str, values: Iterable[T], *, most: int = MOST_IN_A_LIST) -> tuple[T, ...]:
    """Return *values*, each once and in their order, or raise Undecided when they are too many."""
    several = tuple(dict.fromkeys(values))
    if len(several) > most:
        raise invalid(field, f"Send at most {most}.")
    return several


def hosts(field: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return the canonical names of hosts."""
    return listed(field, (new_name(value, field) for value in values))


def patterns(field: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return patterns of paths, which do not cost every hit of the site more than others can bear."""
    several = listed(field, values)
    if sum(len(each.partition("*")[2].strip("*")) for each in several) > MOST_BEHIND_STARS:
        raise invalid(
            field, f"Send fewer or shorter ones: behind their first stars they may say {MOST_BEHIND_STARS} characters."
        )
    return several


def moment(field: str, at: datetime, *, after: datetime) -> datetime:
    """Return *at* in UTC, which has to be in the future."""
    if at.tzinfo is None:
        raise invalid(field, "Send a time with its time zone.")
    if at <= after:
        raise invalid(field, "Send a time in the future.")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise invalid(field, "Send a time before the year 10000, in UTC.") from None


def _fitting(pattern: re.Pattern[str], text: str, kind: str) -> str:
    if pattern.fullmatch(text) is None:
        raise not_found(kind)
    return text


def _field(said: str) -> str:
    """Return the field that msgspec's error is about: the innermost that people are told of."""
    place = _PLACE.search(said)
    return place[1].rpartition(".")[2] if place else ""


@cache
def _zones() -> frozenset[str]:
    # "localtime" is whatever the machine happens to have.
    return frozenset(available_timezones() - {"localtime"})
