"""The books of the ledger: what the tallies and the projections' ends hold of some hours, and until when they are known."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.sites import KIND
from contracts.tallies import OTHER_SITES, Ending
from projections.projections import PROJECTIONS
from projections.projector.ends import End
from projections.query.caller import Caller
from projections.query.database import schema_of
from projections.query.ledger.balance import Known, Run, known_of
from projections.query.ledger.sides import NO_DOOR, NOTHING_IN_STREAM, Door, InStream, door_of, in_stream_of
from projections.query.periods import Span
from projections.query.tallies import NOBODY, UNKNOWN_SITE, told_until

# Whose account: a tenant and a site; the site is empty for what names none of the tenant's, both for what names nobody.
Account = tuple[str, str]


class Hour(Struct, frozen=True, kw_only=True):
    """What one account has in one hour; ``imported`` facts came by no request."""

    door: Door = NO_DOOR
    stream: InStream = NOTHING_IN_STREAM
    imported: InStream = NOTHING_IN_STREAM


class Books(Struct, frozen=True, kw_only=True):
    """Every account's hours that have anything; ``elsewhere`` was stored, by hour, for sites that were not told apart."""

    accounts: dict[Account, dict[datetime, Hour]]
    elsewhere: dict[datetime, int]
    erased_until: dict[Account, datetime]
    known: Known


async def open_books(connection: AsyncConnection, caller: Caller, span: Span, *, site: str | None = None) -> Books:
    """Return what is written of the *caller*'s sites, or of one *site*, in *span*, which is of whole hours."""
    asked = _asked(caller, span, site)
    doors, elsewhere = _doors(await _rows(connection, _TOLD, asked))
    streams = await _rows(connection, _of_generations(connection, _ENDS, _ENDED), asked)
    accounts: dict[Account, dict[datetime, Hour]] = {}
    for account, hours in doors.items():
        accounts[account] = {hour: Hour(door=door) for hour, door in hours.items()}
    for row in streams:
        hours_of = accounts.setdefault((row["tenant"], row["site"]), {})
        hours_of[row["hour"]] = _with(hours_of.get(row["hour"], Hour()), row)
    erased = await _rows(connection, _ERASED, asked)
    return Books(
        accounts=accounts,
        elsewhere=elsewhere,
        erased_until={(row["tenant"], row["site"]): row["until"] for row in erased},
        known=await what_is_known(connection, span),
    )


async def what_is_known(connection: AsyncConnection, span: Span) -> Known:
    """Return until when both sides of *span* are known."""
    asked = {"since": span.since, "until": span.until}
    runs = [Run(**row) for row in await _rows(connection, _RUNS, asked)]
    levels = await _rows(connection, _of_generations(connection, _LEVEL, _LEVELS), {})
    counted = await _rows(connection, _of_generations(connection, _SINCE, _COUNTED), {})
    is_read = len(levels) == len(PROJECTIONS) and all(row["until"] is not None and row["is_whole"] for row in levels)
    return known_of(
        runs,
        since=span.since,
        until=span.until,
        told_until=await told_until(connection),
        read_until=min(row["until"] for row in levels) if is_read else None,
        counted_since=counted[0]["since"],
    )


def _doors(rows: Sequence[RowMapping]) -> tuple[dict[Account, dict[datetime, Door]], dict[datetime, int]]:
    doors: dict[Account, dict[datetime, Door]] = {}
    elsewhere: dict[datetime, int] = {}
    for row in rows:
        ending, hour = Ending(row["ending"]), row["hour"]
        is_no_site = row["site"] == OTHER_SITES or row["reason"] == UNKNOWN_SITE
        account = (row["tenant"], "" if is_no_site else row["site"])
        if row["site"] == OTHER_SITES and ending is Ending.STORED:
            elsewhere[hour] = elsewhere.get(hour, 0) + row["hits"]
            continue
        hours = doors.setdefault(account, {})
        told = door_of(ending, row["reason"], row["hits"], row["landed"], row["not_landed"])
        hours[hour] = hours.get(hour, NO_DOOR) + told
    return doors, elsewhere


def _with(hour: Hour, row: RowMapping) -> Hour:
    found = in_stream_of(End(row["ending"]), row["facts"])
    if row["imported"]:
        return Hour(door=hour.door, stream=hour.stream, imported=hour.imported + found)
    return Hour(door=hour.door, stream=hour.stream + found, imported=hour.imported)


def _asked(caller: Caller, span: Span, site: str | None) -> dict[str, Any]:
    sites = [site] if site is not None else None if caller.sites is None else sorted(caller.sites)
    return {
        "tenants": [caller.tenant, NOBODY] if caller.runs_installation and sites is None else [caller.tenant],
        "sites": sites,
        "since": span.since,
        "until": span.until,
    }


async def _rows(connection: AsyncConnection, query: str, asked: dict[str, Any]) -> Sequence[RowMapping]:
    return (await connection.execute(text(query), asked)).mappings().all()


def _of_generations(connection: AsyncConnection, each: str, whole: str) -> str:
    """Return the query *whole* about what *each* says of every projection's generation that is read."""
    schemas = {projection.name: schema_of(connection, projection) for projection in PROJECTIONS}
    return whole.format(" UNION ALL ".join(each.format(schema=schema, name=name) for name, schema in schemas.items()))


_OF_SITES = "(CAST(:sites AS text[]) IS NULL OR site = ANY (CAST(:sites AS text[])))"
_WHOSE = f"tenant = ANY (CAST(:tenants AS text[])) AND {_OF_SITES} AND hour >= :since AND hour < :until"
_TOLD = f"""
    SELECT tenant, site, hour, ending, reason, CAST(sum(hits) AS bigint) AS hits, CAST(sum(landed) AS bigint) AS landed,
           CAST(sum(not_landed) AS bigint) AS not_landed
    FROM tallies WHERE {_WHOSE} GROUP BY tenant, site, hour, ending, reason
"""
_ENDS = f"""SELECT tenant, site, hour, ending, imported, facts FROM "{{schema}}".ends WHERE {_WHOSE}"""
_ENDED = """
    SELECT tenant, site, hour, ending, imported, CAST(sum(facts) AS bigint) AS facts
    FROM ({}) AS found GROUP BY tenant, site, hour, ending, imported
"""
_RUNS = "SELECT started_at, told_at, ended FROM tally_runs WHERE told_at >= :since AND started_at < :until"
# Of a partition it is known either from its own word that nothing waited, or because what came later has been read.
_LEVEL = """
    (SELECT min(greatest(level_at, received_at - interval '1 minute')) AS until,
            bool_and(coalesce(level_at, received_at) IS NOT NULL) AS is_whole
     FROM (SELECT partition, received_at FROM "{schema}".positions) AS positions
     FULL JOIN (SELECT partition, level_at FROM levels JOIN generations ON generations.id = levels.generation
                WHERE projection = '{name}' AND state = 'current') AS level USING (partition))
"""
_LEVELS = "{}"
_SINCE = """SELECT max(received_at) AS since FROM "{schema}".ends_since"""
_COUNTED = "SELECT max(since) AS since FROM ({}) AS each"
_ERASED = f"""
    SELECT tenant, site, max(until) AS until FROM (
        SELECT tenant, site, said_at AS until FROM erased
        UNION ALL
        SELECT tenant, state ->> 'key', changed_at FROM control_things
        WHERE kind = '{KIND}' AND state ->> 'state' IN ('erasing', 'erased')
    ) AS gone
    WHERE tenant = ANY (CAST(:tenants AS text[])) AND {_OF_SITES} GROUP BY tenant, site
"""
