"""Identity: what a family may store of who did something, and of what was said about them, as the site's policy has it."""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from collector.privacy.props import KEY_BYTES, LARGEST, NOTHING_KEPT, VALUE_BYTES, is_identity, is_personal, redact_value
from collector.privacy.pseudonym import TenantSecret
from collector.privacy.redact import clean
from collector.privacy.text import cut, printable
from collector.sites import Rules, Site
from contracts.control.sites import Identity as Policy
from contracts.events import Scalar

MOST_PROPS: Final = 100
SUBJECT_BYTES: Final = 256
TEXT_BYTES: Final = 16_000
DEEPEST: Final = 8
_UNDECIDED: Final = Rules()


class Identity(Struct, frozen=True, kw_only=True):
    """A site's policy on identities, at work with its tenant's secret; ``secret`` is there where the policy needs it."""

    site: str = ""
    policy: Policy = Policy.ANONYMOUS
    kept: frozenset[str] = NOTHING_KEPT
    secret: TenantSecret | None = None

    def __post_init__(self) -> None:
        if self.policy is Policy.PSEUDONYMOUS and self.secret is None:
            raise ValueError("a pseudonym needs its tenant's secret; nothing was made of any id")

    def subject(self, raw: str) -> str:
        """Return what stands for *raw*, a user's, anonymous or device id: "" where nobody may be told from others."""
        if not raw or self.policy is Policy.ANONYMOUS:
            return ""
        if self.secret is None or self.policy is Policy.PLAIN:
            return cut(printable(raw), SUBJECT_BYTES)
        return self.secret.pseudonym_of(raw, site=self.site)

    def props(self, props: Mapping[str, Any], *, of: Collection[str]) -> dict[str, Scalar]:
        """Return the first 100 properties as they may be stored; nested ones by their paths, such as ``cart.0.price``.

        Whatever names somebody (``userId``, ``email``, ``name``) and whatever equals one of the raw ids *of* is a subject; the
        rest is redacted as everywhere, but for the paths that the policy keeps.
        """
        raws = frozenset(of) - {""}
        stored: dict[str, Scalar] = {}
        for path, value in _leaves(props, ()):
            if len(stored) == MOST_PROPS:
                break
            told = self._told(path, value, raws)
            if told is not None:
                name, kept = told
                stored.setdefault(name, kept)
        return stored

    def text(self, field: str, value: str) -> str:
        """Return *value*, what somebody wrote or an AI answered, where the policy keeps *field*; else ""."""
        return cut(printable(value), TEXT_BYTES) if field in self.kept else ""

    def comment(self, value: str) -> str:
        """Return *value* with what looks personal taken out."""
        return clean(value, VALUE_BYTES)

    def _told(self, path: tuple[str, ...], value: Scalar, raws: frozenset[str]) -> tuple[str, Scalar] | None:
        """Return the name and value that may be stored, or None."""
        if _spelled(value) in raws or (not isinstance(value, bool) and any(map(is_identity, path))):
            subject = self.subject(_spelled(value))
            return (self._name(path, raws), subject) if subject else None
        if ".".join(path) in self.kept:
            return self._name(path, raws), cut(printable(value), VALUE_BYTES) if isinstance(value, str) else value
        if any(map(is_personal, path)):
            return None
        return self._name(path, raws), redact_value(value)

    def _name(self, path: tuple[str, ...], raws: frozenset[str]) -> str:
        pieces = ((self.subject(piece) or "[id]") if piece in raws else clean(piece, KEY_BYTES) for piece in path)
        return cut(".".join(pieces), KEY_BYTES)


NOBODY: Final = Identity()


def identity_of(site: Site, secret: TenantSecret | None) -> Identity:
    """Return the identity policy of *site*, at work with its tenant's *secret*; raise ValueError where it lacks that."""
    rules = site.rules or _UNDECIDED
    return Identity(site=site.id, policy=rules.identity, kept=rules.kept, secret=secret)


def needs_secret(site: Site) -> bool:
    """Say whether the facts of *site* hold pseudonyms."""
    return (site.rules or _UNDECIDED).identity is Policy.PSEUDONYMOUS


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Scalar]]:
    """Yield what can be stored of *value*, with its path; nulls, and what is nested too deeply, are left out."""
    if isinstance(value, bool | str):
        yield path, value
    elif isinstance(value, int | float):
        if math.isfinite(value) if isinstance(value, float) else abs(value) <= LARGEST:
            yield path, value
    elif len(path) < DEEPEST and isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, str(name)))
    elif len(path) < DEEPEST and isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, str(index)))


def _spelled(value: Scalar) -> str:
    return value if isinstance(value, str) else str(value)
