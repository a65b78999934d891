"""Tally: how many values look like a person, by where they are; it is told the values and keeps none."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from collector.privacy.props import is_personal
from collector.privacy.suspicion import Suspicion, suspicions

# The operator's own hosts, which may have an address for a name; and ids, which are random.
_OWN_NAMES = frozenset({"site", "hostname", "page.hostname"})
# Under these, callers and lists choose the names.
_OPEN = ("props", "enrichers")


class Tally:
    """Counts of suspicious values, by place and kind, and the places that were seen."""

    def __init__(self) -> None:
        self.places: dict[str, None] = {}
        self._found: Counter[tuple[str, Suspicion]] = Counter()
        self._misnamed: dict[str, None] = {}

    def add_text(self, place: str, text: str) -> None:
        """Look at *text*, which stands at *place*."""
        self.places.setdefault(place)
        for kind in suspicions(text):
            if kind is not Suspicion.ADDRESS or place not in _OWN_NAMES:
                self._found[place, kind] += 1

    def add_document(self, document: Any, place: str = "") -> None:
        """Look at every text of a decoded JSON *document*, the names of its fields included."""
        if isinstance(document, str):
            self.add_text(place, document)
        elif isinstance(document, list):
            for inner in document:
                self.add_document(inner, place)
        elif isinstance(document, dict):
            for name, inner in document.items():
                self._add_field(place, name, inner)
        else:
            self.places.setdefault(place)

    def add_name(self, place: str) -> None:
        """Look at the name of a column or field itself."""
        if is_personal(place.rpartition(".")[2]):
            self._misnamed.setdefault(place)

    def lines(self) -> Iterator[str]:
        """Yield what was found, a sentence each, the most frequent first; nothing when nothing was."""
        yield from (f"{place} is named like something personal" for place in self._misnamed)
        for (place, kind), count in self._found.most_common():
            yield f"{count:,} value{'s' if count > 1 else ''} in {place} that look{'' if count > 1 else 's'} like {kind.value}"

    def _add_field(self, place: str, name: str, inner: Any) -> None:
        if place in _OPEN:
            self.add_text(f"the names in {place}", name)
            self.add_document(inner, place)
            return
        below = f"{place}.{name}" if place else name
        self.add_name(below)
        self.add_document(inner, below)
