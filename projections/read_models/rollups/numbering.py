"""Numbering: which dimensions have rollups, and under which number; a dimension without one is answered from rows.

A new dimension of visits or hits that is a column of theirs gets the next number here, and its rows come by themselves: the
days that were computed without it are no longer fresh. A number is never used again for another dimension.
"""

import zlib

from projections.query.dimensions import DIMENSIONS, Dimension
from projections.query.sums import Of
from projections.read_models.rollups.tables import HIT_SUMS, VISIT_SUMS

NUMBERS: dict[str, int] = {
    "page": 1,
    "entry_page": 2,
    "exit_page": 3,
    "source": 4,
    "channel": 5,
    "referrer": 6,
    "utm_source": 7,
    "utm_medium": 8,
    "utm_campaign": 9,
    "utm_term": 10,
    "utm_content": 11,
    "country": 12,
    "region": 13,
    "device": 14,
    "browser": 15,
    "os": 16,
    "event": 17,
    "hostname": 18,
    "bot": 19,
    "browser_version": 20,
    "os_version": 21,
    "screen": 22,
    "language": 23,
    "batch": 24,
}

# A dimension with more values than this on one UTC day of a site has no rows of that day.
MOST_VALUES = 5000

ROLLED_UP: tuple[Dimension, ...] = tuple(dimension for dimension in DIMENSIONS if dimension.name in NUMBERS)
OF_VISITS = tuple(dimension for dimension in ROLLED_UP if dimension.of is Of.VISIT)
OF_HITS = tuple(dimension for dimension in ROLLED_UP if dimension.of is Of.HIT)

# Rises when the same hits and visits would leave other rows although numbers and sums are called the same.
_RULES = 1


def _shape() -> int:
    made_of = (
        _RULES,
        sorted((NUMBERS[each.name], each.column, each.behind, each.blank is None, each.kinds) for each in ROLLED_UP),
        [one.name for one in (*VISIT_SUMS, *HIT_SUMS)],
    )
    return zlib.crc32(repr(made_of).encode()) & 0x7FFFFFFF


# By which definitions rows are made; rows of another shape are not fresh, whatever their day's state.
SHAPE = _shape()
