"""The facts that somebody asks for, in the order in which they happened, some at a time."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Select, Uuid, cast, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.query.database import reading
from projections.query.delivery.forms import Form, as_lines, cell_of
from projections.query.facts.families import names_of
from projections.query.facts.question import Cursor, FactsQuestion
from projections.query.matching import every, hits_in
from projections.query.problems import unavailable
from projections.query.web.export import LONGEST, Turns
from projections.query.web.spreadsheet import cells_as_csv
from projections.read_models.hits import HITS, Kind

Fact: TypeAlias = dict[str, Any]

_AT_ONCE: Final = 1000


async def some_facts(connection: AsyncConnection, question: FactsQuestion, limit: int) -> tuple[list[Fact], bool]:
    """Return the first facts of *question*, and whether there are more."""
    rows = (await connection.execute(_statement(question).limit(limit + 1))).mappings().all()
    return [question.family.row(row) for row in rows[:limit]], len(rows) > limit


async def pieces(
    engine: AsyncEngine, question: FactsQuestion, form: Form, *, turns: Turns, clock: Callable[[], datetime]
) -> AsyncGenerator[str]:
    """Yield every fact of *question* in *form*, some at a time.

    Raise Refused where there is no answer: before the first piece, it is answered; after it, whoever sends the pieces must
    break off, and who reads them goes on behind the last whole one.
    """
    until = clock() + LONGEST
    names = names_of(question.family.columns(with_people=question.with_people))
    async with turns.turn(), reading(engine, question.asked.caller) as connection:
        head = cells_as_csv([names]) if form is Form.CSV else ""
        async for facts in _all_facts(connection, question):
            if clock() > until:
                raise unavailable("too_slow", "The facts were read too slowly. Go on behind the last one, with cursor.")
            yield head + in_form(facts, names, form)
            head = ""
        yield head


def in_form(facts: list[Fact], names: list[str], form: Form) -> str:
    """Return *facts* in *form*, without the head of a table."""
    if form is not Form.CSV:
        return as_lines(facts)
    return cells_as_csv([cell_of(fact[name]) for name in names] for fact in facts)


def cursor_of(question: FactsQuestion, fact: Fact) -> str:
    """Return what leads on behind *fact*."""
    return str(Cursor(fact[question.family.moment], fact["id"]))


async def _all_facts(connection: AsyncConnection, question: FactsQuestion) -> AsyncIterator[list[Fact]]:
    result = await connection.stream(_statement(question), execution_options={"yield_per": _AT_ONCE})
    async for rows in result.mappings().partitions():
        yield [question.family.row(row) for row in rows]


def _statement(question: FactsQuestion) -> Select[Any]:
    family, asked = question.family, question.asked
    columns = family.table.c
    if family.table is HITS:
        kept = hits_in(asked, asked.span, *Kind)
    else:
        kept = [
            columns.tenant == asked.caller.tenant,
            columns.site == asked.site,
            family.at >= asked.span.since,
            family.at < asked.span.until,
        ]
    if question.behind is not None:
        last = tuple_(literal(question.behind.at), cast(literal(question.behind.id), Uuid(as_uuid=False)))
        kept += [tuple_(family.at, columns.event_id) > last]
    query = select(*family.columns(with_people=question.with_people)).where(every(kept))
    return query.order_by(family.at, columns.event_id)
