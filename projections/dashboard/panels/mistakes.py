"""What is set up wrongly, in words: a note for each mistake, with the sites that it was seen at, how often, and what to do."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from contracts.names import readable_site
from projections.query.mistakes import WHAT_TO_DO, Mistake, Seen, by_mistake

_SITES_SHOWN: Final = 5


class Note(Struct, frozen=True, kw_only=True):
    """A mistake: what is so, where and how often, and what to do."""

    text: str
    where: str
    advice: str


def notes_on(seen: Iterable[Seen]) -> list[Note]:
    """Return a note for each mistake that was *seen*."""
    return [_note(mistake, sites) for mistake, sites in by_mistake(seen).items()]


def _note(mistake: Mistake, seen: list[Seen]) -> Note:
    named = [f"{readable_site(one.site)} ({one.times})" for one in seen[:_SITES_SHOWN]]
    where = f"{', '.join(named)}{' and others' if len(seen) > _SITES_SHOWN else ''}"
    return Note(text=f"{mistake.value[:1].upper()}{mistake.value[1:]}", where=where, advice=WHAT_TO_DO[mistake])
