"""Traffic: who visits which site when, and what they see and do there; the same whoever asks, and for which of the sites.

Ninety days of fifty sites by Zipf, the largest of which has 22 % of the visits; 2,000 paths, 60 sources, 60 countries and 20
combinations of browser and system. A visit has two pageviews in the mean, and one in five is by somebody who was there on the
same day before. A site-day is made of its own seed, so that it comes out the same however the sites are shared out.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import Enum, auto
from itertools import accumulate
from typing import NamedTuple

from msgspec import Struct

DAYS = 90
SITES = tuple(f"site{number:02}.example" for number in range(50))
# 22 % of the sum of 1/1 to 1/50 is the first of them.
_ZIPF = [1 / rank for rank in range(1, len(SITES) + 1)]
WEIGHTS = tuple(weight / sum(_ZIPF) for weight in _ZIPF)

_DAY_MS = 86_400_000
_IDLE_MS = 31 * 60_000
_LONGEST_PAUSE_MS = 10 * 60_000
_HOURS = (2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 9, 9, 9, 9, 9, 9, 8, 8, 8, 7, 6, 5, 3)

RETURNING, REGULAR, REGULARS = 0.2, 0.4, 0.025  # of the visits; of those that do not return; people to a visit
FURTHER_VIEW, REPORT, EVENT, ROBOT = 0.5, 0.75, 0.095, 0.03
# What these amount to: pageviews, of each the reports of engagement and the events.
FACTS_OF_A_VISIT = 1 / (1 - FURTHER_VIEW) * (1 + REPORT + EVENT)

_TABLE_BITS = 16


class Happening(Enum):
    """What a step is."""

    VIEW = auto()
    EVENT = auto()
    REPORT = auto()


class Step(NamedTuple):
    """Something that happened so many milliseconds after midnight; ``number`` is an event's name or a report's milliseconds."""

    at: int
    happening: Happening
    path: int
    number: int


class Visit(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody's steps with no long pause between them; ``person`` is for ever, and all else but the source follows from it."""

    site: int
    day: int
    person: int
    source: int
    is_robot: bool
    steps: tuple[Step, ...]


def weighted(weights: Sequence[float]) -> list[int]:
    """Return a table in which each number stands as often as its weight says, for one look-up instead of a search."""
    size = 1 << _TABLE_BITS
    bounds = [round(share / sum(weights) * size) for share in accumulate(weights)]
    return [number for number, (start, end) in enumerate(zip([0, *bounds], bounds, strict=False)) for _ in range(end - start)]


def zipf(count: int, exponent: float) -> list[int]:
    """Return the table of *count* things of which the first is the commonest."""
    return weighted([rank**-exponent for rank in range(1, count + 1)])


PATHS, SOURCES, EVENTS = 2_000, 60, 12
_PATH, _SOURCE, _EVENT, _HOUR = (
    zipf(PATHS, 0.9),
    weighted([20, *(10 / n for n in range(1, SOURCES))]),
    zipf(EVENTS, 1),
    weighted(_HOURS),
)


def visits_of(site: int, day: int, facts: int) -> Iterator[Visit]:
    """Yield the visits of a site on a day, of a set that has about *facts* altogether."""
    chance = random.Random(f"{site}/{day}")
    whole = facts / FACTS_OF_A_VISIT * WEIGHTS[site]
    regulars = max(int(whole * REGULARS), 1)
    today: list[tuple[int, int, bool]] = []  # who was here, until when
    for number in range(int(whole / DAYS + chance.random())):
        visit = _again(chance, today, site, day) or _first(chance, site, day, number, regulars)
        today.append((visit.person, visit.steps[-1].at, visit.is_robot))
        yield visit


def days_to(last: date) -> list[date]:
    """Return the days that end with *last*."""
    return [last - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]


def shared_out(parts: int) -> list[list[int]]:
    """Return the sites of each of *parts*, which have about as many visits each."""
    shares: list[list[int]] = [[] for _ in range(parts)]
    for site in range(len(SITES)):
        min(shares, key=lambda share: sum(WEIGHTS[one] for one in share)).append(site)
    return shares


def _again(chance: random.Random, today: Sequence[tuple[int, int, bool]], site: int, day: int) -> Visit | None:
    if not today or chance.random() >= RETURNING:
        return None
    person, last, is_robot = chance.choice(today)
    earliest = last + _IDLE_MS
    steps = _steps(chance, earliest + int(chance.random() * max(_DAY_MS - earliest, 0)))
    if steps[-1].at >= _DAY_MS:
        return None
    return Visit(site=site, day=day, person=person, source=_pick(chance, _SOURCE), is_robot=is_robot, steps=steps)


def _first(chance: random.Random, site: int, day: int, number: int, regulars: int) -> Visit:
    is_regular = chance.random() < REGULAR
    # Whoever comes once is somebody of this day alone.
    person = chance.randrange(regulars) if is_regular else (day + 1) * 10_000_000 + number
    steps = _steps(chance, _pick(chance, _HOUR) * 3_600_000 + chance.randrange(3_600_000))
    if (over := steps[-1].at - _DAY_MS + 1000) > 0:
        steps = tuple(step._replace(at=step.at - over) for step in steps)
    is_robot = not is_regular and chance.random() < ROBOT / (1 - REGULAR)
    return Visit(site=site, day=day, person=person, source=_pick(chance, _SOURCE), is_robot=is_robot, steps=steps)


def _steps(chance: random.Random, at: int) -> tuple[Step, ...]:
    steps: list[Step] = []
    while True:
        path = _pick(chance, _PATH)
        pause = min(int(chance.expovariate(1 / 60_000)) + 1000, _LONGEST_PAUSE_MS)
        steps.append(Step(at, Happening.VIEW, path, 0))
        if chance.random() < EVENT:
            steps.append(Step(at + pause // 2, Happening.EVENT, path, _pick(chance, _EVENT)))
        if chance.random() < REPORT:
            steps.append(Step(at + pause - 10, Happening.REPORT, path, pause // 2))
        at += pause
        if chance.random() >= FURTHER_VIEW:
            return tuple(steps)


def _pick(chance: random.Random, table: Sequence[int]) -> int:
    return table[chance.getrandbits(_TABLE_BITS)]
