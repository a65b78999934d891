"""Identity: what a family may store of who did something, and of what was said about them, as the site's policy has it."""

import functools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from collector.privacy.personal import KEY_BYTES, of_path
from collector.privacy.props import LARGEST, NOTHING_KEPT, VALUE_BYTES, redact_value
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
# An app has few names for its properties, and says them with each event; longer ones would make what is remembered large.
_LONGEST_REMEMBERED: Final = 80
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
        if not props:
            return {}
        raws = frozenset(of) - {""}
        stored: dict[str, Scalar] = {}
        for path, value in _leaves(props.items(), ()):
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
        told, spelled = _told_by(path), value if isinstance(value, str) else str(value)
        name = told.name if raws.isdisjoint(path) else self._name(path, raws)
        if spelled in raws or (told.is_identity and not isinstance(value, bool)):
            subject = self.subject(spelled)
            return (name, subject) if subject else None
        if self.kept and ".".join(path) in self.kept:
            return name, cut(printable(value), VALUE_BYTES) if isinstance(value, str) else value
        return None if told.is_personal else (name, redact_value(value))

    def _name(self, path: tuple[str, ...], raws: frozenset[str]) -> str:
        """Return the name of a property that is called by an id."""
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


class _Told(Struct, frozen=True):
    """What the path of a property says: its name as it may be stored, and whom it may be about."""

    name: str
    is_identity: bool
    is_personal: bool


def _told_by(path: tuple[str, ...]) -> _Told:
    return _remembered(path) if sum(map(len, path)) <= _LONGEST_REMEMBERED else _read(path)


def _read(path: tuple[str, ...]) -> _Told:
    name = cut(".".join(clean(piece, KEY_BYTES) for piece in path), KEY_BYTES)
    return _Told(name, *of_path(path))


_remembered: Final = functools.lru_cache(maxsize=2048)(_read)


def _leaves(inside: Iterable[tuple[Any, Any]], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Scalar]]:
    """Yield what can be stored of *inside*, with its path; nulls, and what is nested too deeply, are left out."""
    for name, value in inside:
        here = (*path, str(name))
        if isinstance(value, bool | str):
            yield here, value
        elif isinstance(value, int | float):
            if math.isfinite(value) if isinstance(value, float) else abs(value) <= LARGEST:
                yield here, value
        elif len(here) < DEEPEST and isinstance(value, Mapping):
            yield from _leaves(value.items(), here)
        elif len(here) < DEEPEST and isinstance(value, list | tuple):
            yield from _leaves(enumerate(value), here)
