"""What stands in front of a line's time: the client, the virtual host, and whatever else is written there.

A word is the client because it is an address, never because of its place; a name that was looked up is one where an address
stands in the common format: in front of the two words for identity and user.
"""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from collector.imports.accesslog.address import UNKNOWN, address_in, forwarded_in, has_port, is_host, is_name

# RFC 5424, whose own dashes and host would be taken for a line's.
_SYSLOG: Final = re.compile(r"(?:<\d{1,3}>)?\d{1,2} \d{4}-\d\d-\d\dT\S+ \S+ \S+ \S+ \S+ (?:-|(?:\[[^\]]*\])+) \ufeff?")
# Colours, with which compose tells containers apart.
_COLOUR: Final = re.compile(r"\x1b\[[\d;]*m")
_AROUND: Final = str.maketrans('"()', "   ")
_STREAMS: Final = ("stdout", "stderr")
_SOCKET: Final = "unix:"
_NONE: Final = "-"
_SHORT: Final = 128
_MOST_COLONS: Final = 12  # as many as an address of IPv6 and what is in front of it can have


class Head(Struct, frozen=True, kw_only=True):
    """Whom the words in front name: ``peers``, the nearest last; ``forwarded`` where a list stands in the user's place."""

    peers: tuple[str, ...] = ()
    forwarded: tuple[str, ...] = ()
    vhost: str = ""


NOBODY: Final = Head()


def read_head(text: str) -> Head:
    """Return whom *text*, the part of a line in front of its time, names."""
    return _read_again(text) if len(text) <= _SHORT else _read(text)


def _read(text: str) -> Head:
    words = _without_prefix(_plain(text).translate(_AROUND).replace(",", " , ").split())
    place = next((place for place, word in enumerate(words) if address_in(word)), None)
    return _of_names(words) if place is None else _of_addresses(words, place)


# Of most formats it is the same few thousand texts again and again, one for each client.
_read_again = lru_cache(maxsize=8192)(_read)


def _plain(text: str) -> str:
    """Return *text* without colours, the header of RFC 5424, and the file's name that a search has put in front."""
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    if (syslog := _SYSLOG.match(text.lstrip())) is not None:
        return text.lstrip()[syslog.end() :]
    first, blank, rest = text.lstrip().partition(" ")
    if ":" not in first or address_in(first):
        return text
    parts = first.split(":")
    ends = (":".join(parts[number:]) for number in range(1, min(len(parts), _MOST_COLONS)))
    return next((end + blank + rest for end in ends if address_in(end) or is_host(end)), text)


def _without_prefix(words: list[str]) -> list[str]:
    """Return *words* behind the mark with which syslog, compose or containerd ends what it writes in front of a line.

    Behind an address and a dash none is looked for: there stands the user's name, which is whatever a client has sent.
    """
    sure = next((at for at, word in enumerate(words[:-1]) if words[at + 1] == _NONE and address_in(word)), None)
    ends = [at + 1 for at, word in enumerate(words[: len(words) if sure is None else sure]) if _ends_prefix(words, at, word)]
    if not ends:
        return words
    if sure is not None:
        return words[ends[-1] :]
    return words[ends[0] :] if _NONE in words[ends[0] :] else words


def _ends_prefix(words: list[str], place: int, word: str) -> bool:
    if word.endswith(":"):
        return word != _SOCKET and not address_in(word)
    return word == "|" or (word in ("F", "P") and place > 0 and words[place - 1] in _STREAMS)


def _of_addresses(words: list[str], place: int) -> Head:
    """Return whom the addresses from *place* on name, as far as the dash of the identity."""
    end = words.index(_NONE, place) if _NONE in words[place:] else len(words)
    found = [word for word in words[place:end] if address_in(word)]
    if len(found) == 2 and "," not in words[place:end] and has_port(found[0]) and words[place + 1] == found[1]:  # noqa: PLR2004
        return Head(peers=(address_in(found[1]),), vhost=_without_port(found[0]))  # a host that is called by its address
    if len(found) > 1:
        vhost = words[place - 1] if place and is_host(words[place - 1]) else ""
        return Head(peers=tuple(map(address_in, found)), vhost=_without_port(vhost))
    return _standing_at(words, place, address_in(found[0]))


def _standing_at(words: list[str], place: int, client: str) -> Head:
    rest = words[place + 1 :]
    vhost = ""
    if place and is_host(words[place - 1]):
        vhost = words[place - 1]
    elif len(rest) > 1 and is_name(rest[0]):  # as lighttpd has it
        vhost = rest[0]
    return Head(peers=(client,), vhost=_without_port(vhost), forwarded=_in_place_of_a_user(rest))


def _without_port(host: str) -> str:
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def _in_place_of_a_user(rest: list[str]) -> tuple[str, ...]:
    if len(rest) < 2 or rest[0] != _NONE or rest[1] == _NONE:  # noqa: PLR2004  # identity and user
        return ()
    hops = forwarded_in(" ".join(rest[1:]))
    return hops if UNKNOWN not in hops else ()


def _of_names(words: list[str]) -> Head:
    """Return the name in the client's place, and the host beside it: `vhost name - user`, `name - user` or `name vhost -`."""
    dash = words.index(_NONE, 1) if _NONE in words[1:] else 0
    if dash == 0 or not is_name(words[dash - 1]):
        return NOBODY
    name = words[dash - 1]
    if words[dash + 1 :] == [_NONE, _NONE]:  # a virtual host, and the client is what is missing
        return Head(vhost=name)
    other = words[dash - 2] if dash > 1 else ""
    if not is_host(other):
        return Head(peers=(name,))
    if dash == len(words) - 1 and is_name(other):
        return Head(peers=(other,), vhost=name)
    return Head(peers=(name,), vhost=_without_port(other))
