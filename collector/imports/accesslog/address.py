"""Whether a word of a log is an address, or a host's name: what decides who a line is about is checked, not guessed."""

import ipaddress
import re
from functools import lru_cache
from typing import Final

from collector.privacy.client_ip import parse_address

UNKNOWN: Final = "unknown"
_LONGEST: Final = 64  # of an address with its zone, brackets and port
_LONGEST_LIST: Final = 1024
_LIST: Final = re.compile(r"\s*,\s*")
_FORWARDED_FOR: Final = re.compile(r"\bfor=\"?([^\s,;\"]+)", re.IGNORECASE)  # RFC 7239, 4
# A last label of letters keeps durations, versions and parts of time stamps out; a port needs a name that has a letter.
_NAME: Final = re.compile(r"(?:[\w-]+\.)+[^\W\d_][\w-]*\.?|localhost")
_WITH_PORT: Final = re.compile(r"(?=[\d.:-]*[^\W\d_])[\w.-]+:\d{1,5}")


# A log names the same few thousand clients again and again.
@lru_cache(maxsize=8192)
def address_in(word: str) -> str:
    """Return the address that *word* is, in its one spelling, also with a port or in brackets, or "" when it is none."""
    address = parse_address(word) if len(word) <= _LONGEST else None
    if address is None or address.is_unspecified:
        return ""
    return str(address)


def has_port(word: str) -> bool:
    """Say whether *word*, which is an address, says its port, too."""
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return not word.endswith("]")
    return False


def is_name(word: str) -> bool:
    """Say whether *word* can be the name of a host: it has a dot and ends in letters, or is ``localhost``."""
    return _NAME.fullmatch(word) is not None


def is_host(word: str) -> bool:
    """Say whether *word* can be a virtual host, with or without its port."""
    return is_name(word) or _WITH_PORT.fullmatch(word) is not None


def forwarded_in(text: str) -> tuple[str, ...]:
    """Return the list of addresses that *text* is, or () when it is none: its last entry is an address, or all of them are.

    Whom a proxy does not know, or does not tell (RFC 7239, 6), stands in it as ``unknown``, and so does what a client has sent
    in front of what proxies have appended.
    """
    return _hops(text) if text and len(text) <= _LONGEST_LIST else ()


@lru_cache(maxsize=8192)
def _hops(text: str) -> tuple[str, ...]:
    hops = tuple(map(_hop, _FORWARDED_FOR.findall(text) or _LIST.split(text.strip(" ()"))))
    if len(hops) > 1 and hops[-1] not in ("", UNKNOWN):
        return tuple(hop or UNKNOWN for hop in hops)
    return hops if all(hops) and any(hop != UNKNOWN for hop in hops) else ()


def _hop(word: str) -> str:
    return UNKNOWN if word.startswith("_") or word.lower() in (UNKNOWN, "-") else address_in(word)
