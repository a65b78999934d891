"""Filters: what is kept of a site's facts, as an address writes it and as it is read once at the door.

A filter is a dimension, ``!`` where it is turned round, the sign of its operator, a colon, and a value that may hold anything:
``page:/pricing``, ``page!:/pricing``, ``page~:blog``, ``source!^:goo``, ``page*:/blog/*``.
"""

import re
from typing import Final

from msgspec import Struct

from projections.query.dimensions import Dimension
from projections.query.kept_by import GOAL
from projections.query.operators import MAX_PATTERN, MAX_STARS, WORDS, Operator, is_pattern_too_rich
from projections.query.problems import Refused, bad_parameter
from projections.query.properties import KNOWN_DIMENSIONS, NAME_PATTERN, dimension_named

FIELD: Final = "filter"
# Values altogether: each is a filter of its own, and those of one dimension and operator are alternatives.
MAX_FILTERS: Final = 100
# Of them patterns, which are compiled.
MAX_PATTERNS: Final = 20
# Longer than anything that ingest stores; many of them fit no address, but that is for the address to say.
MAX_VALUE: Final = 4096
_SIGNS: Final = "".join(operator.value for operator in Operator)
_FILTER: Final = re.compile(
    rf"(?P<name>{NAME_PATTERN})(?P<negated>!?)(?P<sign>[{re.escape(_SIGNS)}]?):(?P<value>.*)", re.DOTALL
)


class Filter(Struct, frozen=True, kw_only=True):
    """Keep what has this value of the dimension or, negated, what has not; an empty value is "not known"."""

    dimension: Dimension
    value: str
    negated: bool = False
    operator: Operator = Operator.IS

    def __str__(self) -> str:
        """Return the filter as it is written in an address."""
        return f"{self.dimension.name}{'!' if self.negated else ''}{self.operator.value}:{self.value}"


def parse_filters(texts: list[str]) -> tuple[Filter, ...]:
    """Return the filters in *texts*, each once, or raise Refused."""
    if len(texts) > MAX_FILTERS:
        raise _bad(f"There are too many values. Send at most {MAX_FILTERS}.")
    filters = tuple(dict.fromkeys(parse_filter(text) for text in texts))
    if sum(one.operator is Operator.MATCHES for one in filters) > MAX_PATTERNS:
        raise _bad(f"There are too many patterns. Send at most {MAX_PATTERNS}.")
    return filters


def parse_filter(text: str) -> Filter:
    """Return the filter that *text* is, or raise Refused."""
    parts = _FILTER.fullmatch(text)
    dimension = _kept_by(parts["name"]) if parts is not None else None
    if parts is None or dimension is None:
        raise _bad(f"Write dimension:value, where dimension is one of {KNOWN_DIMENSIONS}, {GOAL.name}. {_GRAMMAR}")
    operator, value = Operator(parts["sign"]), parts["value"]
    if len(value) > MAX_VALUE:
        raise _bad(f"The value is too long. Send at most {MAX_VALUE} characters.")
    if not value and operator is not Operator.IS:
        raise _bad("The value is empty, which only dimension: and dimension!: may have; it means not known there.")
    if operator is Operator.MATCHES and is_pattern_too_rich(value):
        raise _bad(f"The pattern is too long. Send at most {MAX_PATTERN} characters, of them at most {MAX_STARS} stars.")
    return Filter(dimension=dimension, value=value, negated=bool(parts["negated"]), operator=operator)


def _kept_by(name: str) -> Dimension | None:
    # A goal is nothing that facts are told apart by: visits reach it or not.
    return GOAL if name == GOAL.name else dimension_named(name)


def readable_filters(texts: list[str]) -> list[str]:
    """Return those of *texts* that are filters, as many as there may be."""
    read = [(text, parsed) for text in texts if (parsed := _read(text)) is not None][:MAX_FILTERS]
    patterns = [text for text, parsed in read if parsed.operator is Operator.MATCHES][MAX_PATTERNS:]
    return [text for text, _ in read if text not in patterns]


def _read(text: str) -> Filter | None:
    try:
        return parse_filter(text)
    except Refused:
        return None


def _bad(detail: str) -> Refused:
    return bad_parameter(FIELD, detail)


_GRAMMAR: Final = "Before the colon may stand ! (not), and then one of {}.".format(
    ", ".join(f"{operator.value} ({words.name})" for operator, words in WORDS.items() if operator.value)
)
