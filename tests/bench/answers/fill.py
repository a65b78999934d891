"""Filling: the facts of some of the sites folded into the product's tables, or the same people's rows into Umami's.

It is a process of its own (``python -m tests.bench.answers.fill``), one for each part of the sites and side. The product's
rows are made by the projector's own batches, one position for each part; whoever is stopped goes on behind that position, or
behind the last day that is whole in Umami's tables.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice

import asyncpg
import click
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import WebEvent
from projections.database import open_engine
from projections.projections import WEB
from projections.projector.batch import apply
from projections.projector.months import Months
from projections.projector.positions import Position, read_positions, start_position
from projections.stream.item import Sequenced
from tests.bench.answers import umami_rows, umami_schema
from tests.bench.answers.facts import facts_of
from tests.bench.answers.traffic import Visit, days_to, shared_out, visits_of
from tests.bench.world import run
from tests.projections.world import read_generation

# Four of the projector's own, at most.
AT_ONCE = 20_000
STREAM_CREATED = datetime(2026, 1, 1, tzinfo=UTC)
# How far each part's rows of Umami go; a day's are there whole or not at all.
CREATE_PROGRESS = (
    "CREATE SCHEMA IF NOT EXISTS bench",
    "CREATE TABLE IF NOT EXISTS bench.umami_days (part integer, day date, PRIMARY KEY (part, day))",
)


class Writer:
    """One part's way into the product's tables: what has been written before is passed over."""

    def __init__(self, engine: AsyncEngine, position: Position) -> None:
        self._engine = engine
        self._months = Months(engine, WEB.models)
        self._position = position
        self._number = 0

    async def write(self, facts: Iterator[WebEvent]) -> None:
        """Fold those of the next *facts* that are not there."""
        while some := list(islice(facts, AT_ONCE)):
            first, self._number = self._number + 1, self._number + len(some)
            new = [
                Sequenced(seq=number, message_id=fact.id, event=fact)
                for number, fact in enumerate(some, start=first)
                if number > self._position.seq
            ]
            if not new:
                continue
            await self._months.prepare_for(new)
            self._position, _ = await apply(self._engine, WEB.models, self._position, new)


async def fill(database_url: str, *, facts: int, part: int, parts: int, last: date) -> None:
    """Write the product's rows of *part*'s sites that are not there yet."""
    generation = await read_generation(database_url)
    engine = open_engine(database_url, schema=generation.schema)
    writer = Writer(engine, await _position(engine, part, parts))
    days = _visits_by_day(shared_out(parts)[part], facts, last)
    await writer.write(fact for day, visits in days for fact in facts_of(visits, day, part))
    await engine.dispose()


async def fill_umami(database_url: str, *, facts: int, part: int, parts: int, last: date) -> None:
    """Write Umami's rows of *part*'s sites, of the days that are not there yet."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET synchronous_commit = off")
    done = {row[0] for row in await connection.fetch("SELECT day FROM bench.umami_days WHERE part = $1", part)}
    known = set[bytes]()
    for day, visits in _visits_by_day(shared_out(parts)[part], facts, last):
        sessions = list(umami_rows.sessions_of(visits, day, known))
        if day not in done:
            await _write_umami(connection, visits, sessions, part=part, day=day)
    await connection.close()


SIDES = {"umami": fill_umami, "product": fill}


def _visits_by_day(sites: Sequence[int], facts: int, last: date) -> Iterator[tuple[date, list[Visit]]]:
    for number, day in enumerate(days_to(last)):
        yield day, [visit for site in sites for visit in visits_of(site, number, facts)]


async def _position(engine: AsyncEngine, part: int, parts: int) -> Position:
    async with engine.begin() as connection:
        await start_position(connection, Position(partition=part, partitions=parts, stream_created=STREAM_CREATED))
        return (await read_positions(connection))[part]


async def _write_umami(
    connection: asyncpg.Connection, visits: Sequence[Visit], sessions: Sequence[umami_rows.Row], *, part: int, day: date
) -> None:
    events = sorted(umami_rows.events_of(visits, day), key=lambda row: row[4])
    async with connection.transaction():
        for table, columns, rows in (
            ("session", umami_rows.SESSION_COLUMNS, sessions),
            ("website_event", umami_rows.EVENT_COLUMNS, events),
        ):
            await connection.copy_records_to_table(table, schema_name=umami_schema.SCHEMA, columns=columns, records=rows)
        await connection.execute("INSERT INTO bench.umami_days VALUES ($1, $2)", part, day)


@click.command()
@click.option("--side", type=click.Choice(list(SIDES)), required=True)
@click.option("--database", required=True)
@click.option("--facts", type=int, required=True)
@click.option("--part", type=int, required=True)
@click.option("--parts", type=int, required=True)
@click.option("--last", required=True)
def main(side: str, database: str, last: str, **share: int) -> None:
    """Write one part of the sites on one side."""
    run(SIDES[side](database, last=date.fromisoformat(last), **share))


if __name__ == "__main__":
    main()
