"""Kind: one family of facts as ingest sees it, from what is claimed to what is left once the person is gone."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum, auto
from typing import Any, Final, TypeAlias

from msgspec import Struct

from collector.hit import Claim, Hit
from collector.privacy.enrich.lists import Lists
from collector.privacy.remains import Remains
from contracts.events import Fact


class Need(StrEnum):
    """What a family's facts cannot be made without: the day's salt, for visitors, and the tenant's secret, for pseudonyms."""

    SALT = auto()
    SECRET = auto()


VISITORS: Final = frozenset({Need.SALT})
SUBJECTS: Final = frozenset({Need.SECRET})


class Kind(Struct, frozen=True, kw_only=True):
    """A family: the claims it takes, its clock rule, and the fact that it makes of a claim and what is left of a person.

    ``happened_at`` returns when a hit happened. ``fact`` is given the claim, the envelope's fields by name, what is left of the
    person, and the lists; whatever text a claim holds, it returns a fact in which nobody is. ``needs`` is what has to be at
    hand for that; while it cannot be had, claims of this family are Unavailable, and those of others go on.
    """

    claims: tuple[type[Claim], ...]
    happened_at: Callable[[Hit], datetime]
    fact: Callable[[Any, dict[str, Any], Remains, Lists], Fact]  # each family's claim is a type of its own
    needs: frozenset[Need] = VISITORS


Kinds: TypeAlias = Mapping[type[Claim], Kind]


def kinds_by_claim(kinds: Iterable[Kind]) -> Kinds:
    """Return the kind of each claim."""
    return {claim: kind for kind in kinds for claim in kind.claims}
