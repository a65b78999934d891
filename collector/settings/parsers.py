"""Text -> the value of a setting, or a ValueError whose text completes the sentence "COLLECTOR_X ..."."""

import ipaddress
import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from contracts.below import path_of
from contracts.control.keys import Scope
from contracts.keys import ListedKey, digest_of
from contracts.names import canonical_site
from contracts.servers import SEPARATOR, split


def plain(text: str) -> str:
    """Take any text."""
    return text


def optional(text: str) -> str | None:
    """Take any text; empty means not set."""
    return text or None


def optional_path(text: str) -> Path | None:
    """Take the path of a file that need not exist yet; empty means not set."""
    return Path(text) if text else None


def existing_file(text: str) -> Path | None:
    """Take the path of a file that can be read."""
    if not text:
        return None
    if not Path(text).is_file():
        raise ValueError("names no readable file; give the path of one, or leave it empty")
    return Path(text)


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Take a whole number within bounds."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return parse


def true_or_false(text: str) -> bool:
    """Take true or false."""
    if text.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return text.lower() == "true"


def one_of(choices: type[StrEnum]) -> Callable[[str], StrEnum]:
    """Take one of the enum's values."""

    def parse(text: str) -> StrEnum:
        try:
            return choices(text.lower())
        except ValueError:
            raise ValueError(f"must be one of: {', '.join(choices)}") from None

    return parse


def site_names(text: str) -> tuple[str, ...]:
    """Take site names, separated by commas."""
    names = [canonical_site(part) for part in listed(text)]
    if None in names:
        raise ValueError("must be site names such as shop.example, separated by commas")
    return tuple(name for name in names if name)


def tenant_name(text: str) -> str:
    """Take a name that is its own canonical form."""
    if canonical_site(text) != text:
        raise ValueError("must be made of a-z, 0-9, dot, dash and underscore")
    return text


_SCOPE = "|".join(re.escape(scope) for scope in Scope)
_LISTED_KEY = re.compile(rf"(?P<tenant>[^:]+):(?P<scopes>(?:{_SCOPE})(?:\+(?:{_SCOPE}))*):(?P<key>.+)")
MINIMUM_KEY = 16


def api_keys(text: str) -> tuple[ListedKey, ...]:
    """Take keys as tenant:scopes:key, separated by commas; of each, its digest alone goes on."""
    keys = tuple(_listed_key(number, part) for number, part in enumerate(listed(text), 1))
    if len({key.digest for key in keys}) < len(keys):
        raise ValueError("lists one key twice; give everybody one of their own")
    return keys


def _listed_key(number: int, text: str) -> ListedKey:
    said = _LISTED_KEY.fullmatch(text)
    if said is None or canonical_site(said["tenant"]) != said["tenant"]:
        raise ValueError(
            f"lists keys, and number {number} is not tenant:scopes:key, such as main:ingest+read: and the key behind it; the "
            f"scopes are {', '.join(Scope)}, with + between them"
        )
    if len(said["key"]) < MINIMUM_KEY:
        raise ValueError(f"lists keys, and number {number} could be guessed; use at least {MINIMUM_KEY} random characters")
    scopes = frozenset(said["scopes"].split("+"))
    return ListedKey(id=f"listed{number}", tenant=said["tenant"], scopes=scopes, digest=digest_of(said["key"]))


def proxies(text: str) -> tuple[str, ...]:
    """Take addresses, networks, and the words loopback and private."""
    for part in listed(text):
        if part in ("loopback", "private"):
            continue
        try:
            ipaddress.ip_network(part, strict=False)
        except ValueError:
            raise ValueError("must be addresses or networks such as 10.0.0.0/8, or the words loopback, private") from None
    return listed(text)


_UNCLEAR = "is not an address; percent-encode what is special in its user or password"


def address(*schemes: str) -> Callable[[str], str | None]:
    """Take an address with one of *schemes*; empty means not set."""

    def parse(text: str) -> str | None:
        if not text:
            return None
        try:
            parts = urlsplit(text)
            _ = parts.port  # what a password with a slash in it would be taken for
        except ValueError:
            raise ValueError(_UNCLEAR) from None
        if "@" in parts.path + parts.query + parts.fragment:
            raise ValueError(_UNCLEAR)
        if parts.scheme not in schemes or not parts.netloc:
            raise ValueError(f"must be an address that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return text.rstrip("/")

    return parse


def public_address(text: str) -> str | None:
    """Take the address under which the world reaches us, perhaps below a path of a host; empty means not set."""
    parsed = address("http", "https")(text)
    if parsed is not None and ("?" in parsed or "#" in parsed):
        raise ValueError("must end with its path, such as https://example.org/stats; leave out what begins with ? or #")
    return parsed and parsed.removesuffix(urlsplit(parsed).path) + path_of(parsed)


def addresses(*schemes: str) -> Callable[[str], str | None]:
    """Take one address with one of *schemes*, or several with commas between them; empty means not set."""
    parse_one = address(*schemes)

    def parse(text: str) -> str | None:
        parts = split(text)
        if len(parts) < 2:  # noqa: PLR2004  # of one, no number needs to be told
            return parse_one(parts[0] if parts else "")
        taken = [_numbered(number, part, parse_one) for number, part in enumerate(parts, 1)]
        # A client speaks one of the two, and would never connect.
        if len({part.startswith("ws") for part in taken}) > 1:
            raise ValueError("must not mix ws:// or wss:// addresses with others")
        return SEPARATOR.join(dict.fromkeys(taken))

    return parse


def _numbered(number: int, text: str, parse: Callable[[str], str | None]) -> str:
    try:
        return parse(text) or ""
    except ValueError as error:
        raise ValueError(f"lists addresses, and number {number} {error}; a comma in a password is %2C") from None


def listed(text: str) -> tuple[str, ...]:
    """Return the parts between commas, without the empty ones."""
    return tuple(part for part in (piece.strip() for piece in text.split(",")) if part)
