"""Suspects: how many values look like a person, by where they are; it is told the values and keeps none."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, get_origin

import msgspec

from collector.privacy.personal import is_personal
from collector.privacy.suspicion import Suspicion, suspicions
from contracts.codec import type_of
from contracts.events import CATALOGUE

# The operator's own hosts, which may have an address for a name; and ids, which are random.
_OWN_NAMES = frozenset({"site", "lines.site", "hostname", "page.hostname"})
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,30}")
# By the type of a fact, the fields under which callers and lists choose the names.
_OPEN = {
    type_of(fact): frozenset(field.name for field in msgspec.structs.fields(fact) if get_origin(field.type) is dict)
    for fact in CATALOGUE
}
_NOTHING_OPEN: frozenset[str] = frozenset()


class Suspects:
    """Counts of suspicious values, by place and kind, and the fields of the documents that were looked at."""

    def __init__(self) -> None:
        self.fields: set[str] = set()
        self._found: Counter[tuple[str, Suspicion]] = Counter()
        self._misnamed: dict[str, None] = {}

    def add_text(self, place: str, text: str) -> None:
        """Look at *text*, which stands at *place*."""
        for kind in suspicions(text):
            if kind is not Suspicion.ADDRESS or place not in _OWN_NAMES:
                self._found[place, kind] += 1

    def add_document(self, document: Any) -> None:
        """Look at every text of a decoded JSON *document*, the names of its fields included."""
        type_ = document.get("type") if isinstance(document, dict) else None
        self._add(document, "", _OPEN.get(type_, _NOTHING_OPEN) if isinstance(type_, str) else _NOTHING_OPEN)

    def add_name(self, place: str) -> None:
        """Look at the name of a column or field itself."""
        if is_personal(place.rpartition(".")[2]):
            self._misnamed.setdefault(place)

    def lines(self) -> Iterator[str]:
        """Yield what was found, a sentence each, the most frequent first; nothing when nothing was."""
        yield from (f"{place} is named like something personal" for place in self._misnamed)
        for (place, kind), count in sorted(self._found.items(), key=lambda found: (-found[1], found[0])):
            yield f"{count:,} value{'s' if count > 1 else ''} in {place} that look{'' if count > 1 else 's'} like {kind.value}"

    def _add(self, document: Any, place: str, open_: frozenset[str]) -> None:
        if isinstance(document, dict):
            for name, inner in document.items():
                self._add_field(place, name, inner, open_)
        elif isinstance(document, list):
            for inner in document:
                self._add(inner, place, open_)
        else:
            self.fields.add(place)
            self.add_text(place, document if isinstance(document, str) else "")

    def _add_field(self, place: str, name: str, inner: Any, open_: frozenset[str]) -> None:
        if place in open_:
            self.add_text(f"the names in {place}", name)
            self._add(inner, place, open_)
            return
        if _FIELD.fullmatch(name) is None:
            # Not a name that any contract has, so it may be somebody's words, which are not shown.
            self.add_text(f"the names of fields in {place or 'the body'}", name)
            name = "(unknown)"
        below = f"{place}.{name}" if place else name
        self.add_name(below)
        self._add(inner, below, open_)
