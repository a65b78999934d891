"""The visitor id: who it was becomes a number that nobody can turn back once the day's salt is gone."""

import hashlib
from datetime import date
from enum import StrEnum

from msgspec import Struct

from collector.privacy.address import network_of
from collector.privacy.text import cut

USER_AGENT_BYTES = 512
_KEY_BYTES = 32


class Formula(StrEnum):
    """How a salt turns a person into an id."""

    KEYED = "keyed"
    DERIVED = "derived"


_KEY_LENGTH = {Formula.KEYED: _KEY_BYTES, Formula.DERIVED: 2 * _KEY_BYTES}


class Salt(Struct, frozen=True, kw_only=True):
    """One UTC day's key and the formula it belongs to; a key of the wrong length is refused, and no repr shows it."""

    day: date
    key: bytes
    formula: Formula = Formula.KEYED

    def __post_init__(self) -> None:
        if len(self.key) != _KEY_LENGTH[self.formula]:
            raise ValueError(
                f"a {self.formula.value} salt needs a key of {_KEY_LENGTH[self.formula]} bytes; nothing was hashed"
            )

    def __repr__(self) -> str:
        return f"Salt(day={self.day.isoformat()}, formula={self.formula.value!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return [("day", self.day), ("formula", self.formula.value)]


def derived_salt(day: date, secret: str) -> Salt:
    """Return the salt that the Flowcore collector derives from a secret; whoever keeps the secret can reverse every day."""
    key = hashlib.sha256(f"{day.isoformat()}:{secret}".encode()).hexdigest().encode()
    return Salt(day=day, key=key, formula=Formula.DERIVED)


def visitor_id(salt: Salt, *, tenant: str, site: str, ip: str, user_agent: str) -> str:
    """Return the id of a visitor on the salt's day as hex; keyed ids of two sites or two days cannot be linked."""
    if salt.formula is Formula.DERIVED:
        return _derived(salt.key, ip, user_agent)
    # A household shares an IPv6 /64, and its devices change the rest by themselves.
    household = (network_of(ip, v4_bytes=4, v6_bytes=8) or ip) if ":" in ip else ip
    framed = _framed(tenant) + _framed(site) + _framed(household) + _framed(cut(user_agent, USER_AGENT_BYTES))
    return hashlib.blake2b(framed, key=salt.key, digest_size=16).hexdigest()


def _framed(part: str) -> bytes:
    # The length in front keeps "1.2.3.4" + "5 Mozilla" apart from "1.2.3.45" + " Mozilla".
    text = part.encode("utf-8", "surrogatepass")
    return len(text).to_bytes(4) + text


def _derived(salt_hex: bytes, ip: str, user_agent: str) -> str:
    # Byte for byte what the Flowcore collector hashes, colons and its word for "missing" included.
    text = f"{ip or 'unknown'}:{user_agent or 'unknown'}:".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text + salt_hex).hexdigest()
