"""How hits ended, by what the ingest processes have told: also what was not stored, of which there are no facts.

Where a process has fallen silent there is a gap, and where none has told anything there is no answer: neither is ever zero.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from sqlalchemy import BigInteger, ColumnElement, DateTime, bindparam, cast, false, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.tallies import OTHER_SITES, SILENT_SECONDS, Ending, hour_of
from projections.query.caller import Caller
from projections.query.parameters import QUESTION_PARAMETERS
from projections.query.periods import Interval, Span, edges
from projections.query.question import WebQuestion
from projections.tallies.tables import READING, RUNS, TALLIES

MAX_SITES = 500
MAX_UNKNOWN = 20
MAX_GAPS = 50
RECENT = timedelta(hours=24)
UNKNOWN_SITE = "unknown_site"
NOBODY = ""

TALLY_PARAMETERS = tuple(
    parameter for parameter in QUESTION_PARAMETERS if parameter.name in ("period", "from", "to", "timezone", "interval")
)

_KEPT = (Ending.STORED.value, Ending.REPEATED.value)


class Ended(Struct, frozen=True, kw_only=True):
    """How many hits ended in one way, for one reason; of unavailable ones how many landed all the same, and how many not."""

    ending: Ending
    reason: str
    hits: int
    landed: int = 0
    not_landed: int = 0


class Gap(Struct, frozen=True, kw_only=True):
    """An ingest process that fell silent without saying that it ended: of what it did ``since``, nothing is known."""

    run: str
    version: str
    started_at: datetime
    since: datetime


class SiteTally(Struct, frozen=True, kw_only=True):
    """How the hits of a site ended; the site is empty where none was known, and "(other)" for those that are not told apart."""

    site: str
    received: int
    endings: list[Ended]


class TallyBucket(Struct, frozen=True, kw_only=True):
    """How the hits ended that were received from ``start`` on, until the next; an hour of UTC belongs where it begins."""

    start: datetime
    received: int
    endings: list[Ended]


class TallyOfAll(Struct, frozen=True, kw_only=True):
    """How the hits of every site ended; ``as_of`` is until when it is known, null where nothing was ever told."""

    since: datetime
    until: datetime
    as_of: datetime | None
    gaps: list[Gap]
    received: int
    endings: list[Ended]
    sites: list[SiteTally]
    more: bool


class TallyOfOne(Struct, frozen=True, kw_only=True):
    """How the hits of one site ended, in buckets; ``as_of`` is until when it is known, null where nothing was ever told."""

    site: str
    interval: Interval
    since: datetime
    until: datetime
    as_of: datetime | None
    gaps: list[Gap]
    received: int
    endings: list[Ended]
    buckets: list[TallyBucket]


class UnknownSite(Struct, frozen=True, kw_only=True):
    """A name that hits were dropped for, because no site is called so, and the hour in which the first of them came."""

    site: str
    hits: int
    since: datetime | UnsetType = UNSET


class NotStored(Struct, frozen=True, kw_only=True):
    """What was not stored lately, as far as it was told; ``elsewhere`` is what belongs to no site that has facts."""

    since: datetime
    as_of: datetime
    gaps: list[Gap]
    unknown_sites: list[UnknownSite]
    elsewhere: list[Ended]


async def tally_of_all(connection: AsyncConnection, question: WebQuestion) -> TallyOfAll:
    """Answer *question* for every site of the caller, those that hits were dropped for included."""
    span = question.span
    as_of = await told_until(connection)
    by_site = await _by(connection, TALLIES.c.site, question.caller, span)
    names = sorted(by_site)
    shown = [SiteTally(site=name, received=_sum(by_site[name]), endings=by_site[name]) for name in names[:MAX_SITES]]
    endings = summed(by_site.values())
    return TallyOfAll(
        since=span.since.astimezone(question.zone),
        until=span.until.astimezone(question.zone),
        as_of=as_of,
        gaps=await gaps_in(connection, span, as_of),
        received=_sum(endings),
        endings=endings,
        sites=shown,
        more=len(names) > len(shown),
    )


async def tally_of_one(connection: AsyncConnection, question: WebQuestion) -> TallyOfOne:
    """Answer *question* for its site, in the buckets that it asks for, also the empty ones."""
    span, zone = question.span, question.zone
    as_of = await told_until(connection)
    bounds = edges(question.days, zone, question.interval)
    cut = func.width_bucket(TALLIES.c.hour, bindparam("edges", bounds, type_=ARRAY(DateTime(timezone=True))))
    by_bucket = await _by(connection, cut, question.caller, span, TALLIES.c.site == question.site)
    endings = summed(by_bucket.values())
    return TallyOfOne(
        site=question.site,
        interval=question.interval,
        since=span.since.astimezone(zone),
        until=span.until.astimezone(zone),
        as_of=as_of,
        gaps=await gaps_in(connection, span, as_of),
        received=_sum(endings),
        endings=endings,
        buckets=[
            TallyBucket(
                start=start.astimezone(zone), received=_sum(by_bucket.get(number, [])), endings=by_bucket.get(number, [])
            )
            for number, (start, _) in enumerate(pairwise(bounds), start=1)
        ],
    )


async def not_stored(
    connection: AsyncConnection, caller: Caller, sites: Sequence[str], now: datetime
) -> tuple[NotStored, dict[str, list[Ended]]] | None:
    """Return what was not stored in the last 24 hours, and which of it was of *sites*; None where nothing was ever told."""
    as_of = await told_until(connection)
    if as_of is None:
        return None
    span = Span(hour_of(now - RECENT), hour_of(now) + timedelta(hours=1))
    found = await _by(connection, TALLIES.c.site, caller, span, TALLIES.c.ending.not_in(_KEPT))
    by_site = {name: found.pop(name, []) for name in sites}
    of_none = NotStored(
        since=span.since,
        as_of=as_of,
        gaps=await gaps_in(connection, span, as_of),
        unknown_sites=await _since(connection, caller, _unknown(found)),
        elsewhere=summed(found.values()),
    )
    return of_none, by_site


async def told_until(connection: AsyncConnection) -> datetime | None:
    """Return until when everything that was told is known, or None where nothing was ever told."""
    at: datetime | None = await connection.scalar(select(func.max(READING.c.looked_at)))
    return at


async def gaps_in(connection: AsyncConnection, span: Span, as_of: datetime | None) -> list[Gap]:
    """Return the runs that fell silent in *span* without an end, the last first.

    Silent is who has given no sign for a while before *as_of*, when the signs were last looked at: a projector that is late
    makes nobody silent.
    """
    columns = RUNS.c
    silent = false() if as_of is None else columns.told_at < as_of - timedelta(seconds=SILENT_SECONDS)
    query = (
        select(columns.run, columns.version, columns.started_at, columns.told_at)
        .where(~columns.ended, silent, columns.told_at >= span.since, columns.told_at < span.until)
        .order_by(columns.told_at.desc())
        .limit(MAX_GAPS)
    )
    return [
        Gap(run=row.run, version=row.version, started_at=row.started_at, since=row.told_at)
        for row in await connection.execute(query)
    ]


async def _by(
    connection: AsyncConnection, cut: ColumnElement[Any], caller: Caller, span: Span, *only: ColumnElement[bool]
) -> dict[Any, list[Ended]]:
    """Return how the *caller*'s hits of *span* ended, *only* some of them, by *cut*; the commonest ending first."""
    columns = TALLIES.c
    sums = [cast(func.sum(columns[name]), BigInteger).label(name) for name in ("hits", "landed", "not_landed")]
    if caller.sites is not None:
        only = (*only, columns.site.in_(sorted(caller.sites)))
    query = (
        select(cut.label("cut"), columns.ending, columns.reason, *sums)
        .where(columns.tenant.in_(_whose(caller)), columns.hour >= span.since, columns.hour < span.until, *only)
        .group_by("cut", columns.ending, columns.reason)
        .order_by(sums[0].desc(), columns.ending, columns.reason)
    )
    found: dict[Any, list[Ended]] = {}
    for row in await connection.execute(query):
        ended = Ended(ending=Ending(row.ending), reason=row.reason, hits=row.hits, landed=row.landed, not_landed=row.not_landed)
        found.setdefault(row.cut, []).append(ended)
    return found


def _whose(caller: Caller) -> list[str]:
    # Of several tenants, what neither key nor site assigns is nobody's; it may be another's slip, or a stranger's.
    return [caller.tenant, NOBODY] if caller.runs_installation else [caller.tenant]


async def _since(connection: AsyncConnection, caller: Caller, unknown: list[UnknownSite]) -> list[UnknownSite]:
    """Return *unknown* with the hour in which the first hit of each came, as far back as tallies are kept."""
    columns = TALLIES.c
    first = (
        select(columns.site, func.min(columns.hour).label("hour"))
        .where(
            columns.tenant.in_(_whose(caller)), columns.site.in_([one.site for one in unknown]), columns.reason == UNKNOWN_SITE
        )
        .group_by(columns.site)
    )
    hours = {row.site: row.hour for row in await connection.execute(first)} if unknown else {}
    return [replace(one, since=hours.get(one.site, UNSET)) for one in unknown]


def _unknown(found: dict[str, list[Ended]]) -> list[UnknownSite]:
    """Return the names that hits were dropped for, the commonest first; what is not told by its name is no name."""
    hits = {
        name: sum(ended.hits for ended in endings if ended.reason == UNKNOWN_SITE)
        for name, endings in found.items()
        if name not in ("", OTHER_SITES)
    }
    named = sorted((name for name in hits if hits[name]), key=lambda name: (-hits[name], name))
    return [UnknownSite(site=name, hits=hits[name]) for name in named[:MAX_UNKNOWN]]


def summed(parts: Iterable[Iterable[Ended]]) -> list[Ended]:
    """Return the sums of *parts* by ending and reason, the commonest first."""
    sums: dict[tuple[Ending, str], list[int]] = {}
    for ended in (ended for part in parts for ended in part):
        sums_of = sums.setdefault((ended.ending, ended.reason), [0, 0, 0])
        for place, number in enumerate((ended.hits, ended.landed, ended.not_landed)):
            sums_of[place] += number
    added = [
        Ended(ending=ending, reason=reason, hits=hits, landed=landed, not_landed=not_landed)
        for (ending, reason), (hits, landed, not_landed) in sums.items()
    ]
    return sorted(added, key=lambda ended: (-ended.hits, ended.ending, ended.reason))


def _sum(endings: Iterable[Ended]) -> int:
    return sum(ended.hits for ended in endings)
