"""The table of addresses: which (method, path) belongs to whom, as a value that refuses to be ambiguous."""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from typing import Final, Generic, TypeVar

from msgspec import Struct

Part = TypeVar("Part")

_PARAMETER: Final = re.compile(r"\{(?P<name>[a-z][a-z0-9_]*)(?P<tail>:path)?\}")
_NO_PARAMETERS: Final[Mapping[str, str]] = {}


class AddressClash(ValueError):
    """Two entries claim the same request, or a template cannot be read; nothing may start with such a table."""


class Mark(Struct, frozen=True, kw_only=True):
    """What tells entries of one address apart: a header (lower case; any value where none is given), then the body's shape."""

    header: bytes = b""
    value: bytes = b""
    shape: Callable[[bytes], bool] | None = None

    def fits_head(self, headers: Mapping[bytes, bytes]) -> bool:
        """Say whether *headers* hold what the mark asks of them."""
        if not self.header:
            return True
        said = headers.get(self.header)
        return said is not None and (not self.value or said.strip().lower() == self.value.lower())

    def fits_body(self, body: bytes) -> bool:
        """Say whether *body* has the shape that the mark asks for."""
        return self.shape is None or self.shape(body)


class Address(Struct, Generic[Part], frozen=True, kw_only=True):
    """One entry: *method* and *template* belong to *part*, if the request bears the *mark*.

    A template holds ``{name}`` for one whole piece of the path, and ``{name:path}`` at its end for all that follows.
    """

    method: str
    template: str
    part: Part
    mark: Mark | None = None


class Found(Struct, Generic[Part], frozen=True):
    """The entries at an address, those that state a mark first, and what the path says for the template's parameters."""

    entries: tuple[Address[Part], ...]
    parameters: Mapping[str, str]

    def by_head(self, headers: Mapping[bytes, bytes]) -> tuple[Address[Part], ...]:
        """Return the entries that *headers* (names in lower case) leave possible; the body's shape may have to decide."""
        if len(self.entries) == 1 and self.entries[0].mark is None:
            return self.entries
        fitting = tuple(entry for entry in self.entries if entry.mark is None or entry.mark.fits_head(headers))
        # Who asks for a header and gets it goes before who asks for none.
        told = tuple(entry for entry in fitting if entry.mark is not None and entry.mark.header)
        return told or fitting


class Addresses(Generic[Part]):
    """A compiled table: a literal path is one look-up, one with parameters a short walk from the most particular template."""

    def __init__(self, entries: Iterable[Address[Part]]) -> None:
        """Compile *entries*, or raise AddressClash."""
        self.entries: tuple[Address[Part], ...] = tuple(entries)
        self._literal: dict[tuple[str, str], Found[Part]] = {}
        self._open: dict[str, list[_Opened[Part]]] = {}
        for (method, template), together in _grouped(self.entries).items():
            pieces = _pieces(template)
            if all(piece.kind is _Kind.LITERAL for piece in pieces):
                self._literal[method, template] = Found(together, _NO_PARAMETERS)
            else:
                self._open.setdefault(method, []).append(_Opened(pieces, together))
        for opened in self._open.values():
            opened.sort(key=lambda template: [piece.kind for piece in template.pieces])
            _refuse_overlaps(opened)
        self._methods = sorted({entry.method for entry in self.entries})

    def find(self, method: str, path: str) -> Found[Part] | None:
        """Return the entries at *path* for *method* and the path's parameters, or None; a literal beats a parameter."""
        found = self._literal.get((method, path))
        if found is not None or method not in self._open:
            return found
        said = path.split("/")[1:]
        for template in self._open[method]:
            parameters = _read(template.pieces, said)
            if parameters is not None:
                return Found(template.entries, parameters)
        return None

    def methods(self, path: str) -> tuple[str, ...]:
        """Return the methods that *path* answers to, as ``Allow`` wants them; none when there is nothing at it.

        What takes whatever is left below a place says nothing of a path that somebody has.
        """
        at = {method: found.entries[0].template for method in self._methods if (found := self.find(method, path)) is not None}
        own = tuple(method for method, template in at.items() if not template.endswith(":path}"))
        return own or tuple(at)


class _Kind(IntEnum):
    LITERAL = 0
    PARAMETER = 1
    TAIL = 2


class _Piece(Struct, frozen=True):
    kind: _Kind
    text: str


class _Opened(Struct, Generic[Part], frozen=True):
    pieces: tuple[_Piece, ...]
    entries: tuple[Address[Part], ...]


def _grouped(entries: tuple[Address[Part], ...]) -> dict[tuple[str, str], tuple[Address[Part], ...]]:
    groups: dict[tuple[str, str], tuple[Address[Part], ...]] = {}
    for entry in entries:
        at = (entry.method, entry.template)
        if any(other.mark == entry.mark for other in groups.get(at, ())):
            raise AddressClash(
                f"Two entries claim {entry.method} {entry.template} and nothing tells them apart; give each a mark of its own, "
                "a header or the body's shape."
            )
        # The one without a mark takes what the others leave.
        groups[at] = tuple(sorted((*groups.get(at, ()), entry), key=lambda each: each.mark is None))
    return groups


def _pieces(template: str) -> tuple[_Piece, ...]:
    if not template.startswith("/"):
        raise AddressClash(f"The template {template} does not begin with a slash; write the whole path.")
    pieces = tuple(_piece(text, template) for text in template.split("/")[1:])
    if any(piece.kind is _Kind.TAIL for piece in pieces[:-1]):
        raise AddressClash(f"The template {template} goes on behind its tail; let {{name:path}} stand at the end.")
    names = [piece.text for piece in pieces if piece.kind is not _Kind.LITERAL]
    if len(names) != len(set(names)):
        raise AddressClash(f"The template {template} names a parameter twice; give each a name of its own.")
    return pieces


def _piece(text: str, template: str) -> _Piece:
    if match := _PARAMETER.fullmatch(text):
        return _Piece(_Kind.TAIL if match["tail"] else _Kind.PARAMETER, match["name"])
    if "{" in text or "}" in text:
        raise AddressClash(f"The template {template} has a parameter within a piece; let {{name}} stand alone between slashes.")
    return _Piece(_Kind.LITERAL, text)


def _read(pieces: tuple[_Piece, ...], said: list[str]) -> dict[str, str] | None:
    """Return the parameters where *said*, a path's pieces, fits *pieces*; a parameter is never empty, a tail may be."""
    has_tail = pieces[-1].kind is _Kind.TAIL
    if len(said) < len(pieces) or (len(said) > len(pieces) and not has_tail):
        return None
    parameters: dict[str, str] = {}
    for position, piece in enumerate(pieces):
        if piece.kind is _Kind.TAIL:
            parameters[piece.text] = "/".join(said[position:])
        elif piece.kind is _Kind.PARAMETER and said[position]:
            parameters[piece.text] = said[position]
        elif piece.text != said[position] or piece.kind is _Kind.PARAMETER:
            return None
    return parameters


def _refuse_overlaps(opened: "list[_Opened[Part]]") -> None:
    for position, one in enumerate(opened):
        for other in opened[position + 1 :]:
            if _is_ambiguous(one.pieces, other.pieces):
                first, second = one.entries[0], other.entries[0]
                raise AddressClash(
                    f"{first.method} {first.template} and {second.template} both fit some paths, and neither is the more "
                    "particular; change one of them."
                )


def _is_ambiguous(one: tuple[_Piece, ...], other: tuple[_Piece, ...]) -> bool:
    """Say whether some path fits both and neither is at least as particular as the other in every piece."""
    wins: set[bool] = set()
    for mine, theirs in zip(one, other, strict=False):
        if mine.kind is theirs.kind is _Kind.LITERAL and mine.text != theirs.text:
            return False
        if mine.kind is not theirs.kind:
            wins.add(mine.kind < theirs.kind)
        if _Kind.TAIL in (mine.kind, theirs.kind):
            return len(wins) != 1
    return len(one) == len(other) and len(wins) != 1
