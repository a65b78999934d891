"""Marking: the days of sites that a batch touches are no longer fresh, from the moment at which its rows are there.

Whoever writes or deletes hits or visits marks their days in the same transaction. A day that is dirty already is left alone,
so that an import of a million facts of one day writes one mark; that is safe because whoever begins to compute waits for every
batch that is under way (see projector/rolling.py).
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import IntEnum
from typing import get_args

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.read_models.dictionaries import code
from projections.read_models.hits import HitFact
from projections.read_models.model import ReadModel, Whose, happened_on
from projections.read_models.rollups.tables import OF_A_SITE
from projections.stream.item import Sequenced


class State(IntEnum):
    """Whether a day's rows can be relied on: only while it is fresh."""

    DIRTY = 0
    COMPUTING = 1
    FRESH = 2


_TOUCHED = """
    unnest(CAST(:tenants AS integer[]), CAST(:sites AS integer[]), CAST(:days AS date[])) AS touched (tenant, site, day)
"""
_TO_MARK = text(f"""
    SELECT touched.tenant, touched.site, touched.day FROM {_TOUCHED}
    LEFT JOIN site_days ON site_days.site = touched.site AND site_days.day = touched.day
    WHERE state IS DISTINCT FROM {State.DIRTY}
""")
_MARK = text(f"""
    INSERT INTO site_days (tenant, site, day, state, claim, shape, many)
    SELECT tenant, site, day, {State.DIRTY}, 0, 0, '{{}}' FROM {_TOUCHED} ORDER BY site, day
    ON CONFLICT (site, day) DO UPDATE SET state = {State.DIRTY}
""")
# Written although they may be dirty already: who erases need not hold up the batches, and whoever computes has to notice.
_MARK_AROUND = text(f"""
    UPDATE site_days SET state = {State.DIRTY}, claim = 0 FROM site_ids
    WHERE site_ids.id = site_days.site AND (site_ids.tenant, site_ids.site) = (:tenant, :site)
    AND day BETWEEN :first AND :last
""")


async def mark(connection: AsyncConnection, facts: Sequence[Sequenced[HitFact]]) -> None:
    """Mark the UTC days on which *facts* happened as dirty, each that is not."""
    codes = await code(connection, facts)
    days = {(of.tenant, of.site, happened_on(fact.event)) for fact, of in zip(facts, codes, strict=True)}
    unmarked = (await connection.execute(_TO_MARK, _columns(days))).all()
    if unmarked:
        await connection.execute(_MARK, _columns(unmarked))


async def mark_around(connection: AsyncConnection, whose: Whose) -> int:
    """Mark the days on which somebody whose facts are deleted may have had some; no row goes here."""
    # A visitor's day is called by its salt, and clocks may disagree by a day about when that was.
    around = {"first": whose.day - timedelta(days=1), "last": whose.day + timedelta(days=1)}
    await connection.execute(_MARK_AROUND, {"tenant": whose.tenant, "site": whose.site} | around)
    return 0


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete everything of *tenant*'s *site*, the marks of its days first, and return how many rows that were."""
    rows = 0
    for table in OF_A_SITE:
        theirs = "site = (SELECT id FROM site_ids WHERE (tenant, site) = (:tenant, :site))"
        gone = await connection.execute(text(f"DELETE FROM {table.name} WHERE {theirs}"), {"tenant": tenant, "site": site})
        rows += gone.rowcount
    return rows


MODEL = ReadModel(
    name="rollups",
    tables=OF_A_SITE,
    facts=get_args(HitFact),
    version=1,
    upsert=mark,
    erase=mark_around,
    erase_site=erase_site,
)


def _columns(days: Iterable[Sequence[object]]) -> dict[str, list[object]]:
    rows = list(days)
    return {name: [row[place] for row in rows] for place, name in enumerate(("tenants", "sites", "days"))}
