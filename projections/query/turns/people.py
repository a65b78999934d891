"""People: how many subjects there are, whose turns ended and who voted, the busiest first."""

from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.hours import OF_CONVERSATION
from projections.query.turns.window import DAY, Window, gathered, pieces_of
from projections.read_models.turn_facts import Kind
from projections.read_models.turn_subjects import Span, month_of

TOP = 10
_SETTLED = f"FILTER (WHERE kind IN ({Kind.COMPLETED}, {Kind.FAILED}))"
_ANSWERED = f"FILTER (WHERE kind = {Kind.COMPLETED})"


class Asker(Struct, frozen=True, kw_only=True):
    """One subject's turns that ended."""

    subject: str
    turns: int
    answered: int
    mean_ms: float


class Askers(Struct, frozen=True, kw_only=True):
    """Whose turns ended: how many subjects, and the busiest."""

    subjects: int = 0
    top: list[Asker] = []


class Voter(Struct, frozen=True, kw_only=True):
    """One subject's votes."""

    subject: str
    votes: int
    ups: int
    last_at: datetime


class Voters(Struct, frozen=True, kw_only=True):
    """Who votes: how many subjects, how often the median one, and the busiest."""

    subjects: int = 0
    median: int = 0
    busy: int = 0
    once: int = 0
    top: list[Voter] = []


async def count_subjects(connection: AsyncConnection, window: Window) -> int:
    """Return of how many subjects there are facts; those that name nobody are one."""
    rows, asked = _rows(window, "subject", "SELECT DISTINCT subject FROM turn_facts WHERE {where}")
    # Of a subquery, for Postgres sorts what count(DISTINCT) counts, and hashes this.
    query = f"SELECT count(*) FROM (SELECT DISTINCT subject FROM ({rows}) AS told) AS subjects"
    return int(await connection.scalar(text(query), asked) or 0)


async def askers(connection: AsyncConnection, window: Window) -> Askers:
    """Return whose turns ended."""
    told = f"""
        SELECT subject, CAST(count(*) {_SETTLED} AS integer) AS turns, CAST(count(*) {_ANSWERED} AS integer) AS answered,
            CAST(count(duration_ms) {_ANSWERED} AS integer) AS timed, coalesce(sum(duration_ms) {_ANSWERED}, 0) AS total_ms
        FROM turn_facts WHERE {{where}} GROUP BY subject
    """
    rows, asked = _rows(window, "subject, turns, answered, timed, total_ms", told)
    busiest = (await connection.execute(text(_busiest(rows, "turns")), asked)).all()
    query = f"""
        SELECT subject, sum(turns) AS turns, sum(answered) AS answered,
            CAST(coalesce(sum(total_ms) / nullif(sum(timed), 0), 0) AS float) AS mean_ms
        FROM ({rows}) AS told WHERE subject = ANY(CAST(:top AS text[])) GROUP BY subject
    """
    found = await connection.execute(text(query), asked | {"top": [row.subject for row in busiest]})
    of = {row["subject"]: Asker(**row) for row in found.mappings()}
    return Askers(subjects=busiest[0].subjects, top=[of[row.subject] for row in busiest]) if busiest else Askers()


async def voters(connection: AsyncConnection, window: Window) -> Voters:
    """Return who has voted with a value."""
    told = """
        SELECT subject, CAST(count(*) AS integer) AS votes, CAST(count(*) FILTER (WHERE value > 0) AS integer) AS ups,
            max(occurred_at) AS voted_at
        FROM votes WHERE value IS NOT NULL AND {where} GROUP BY subject
    """
    rows, asked = _rows(window, "subject, votes, ups, voted_at", told, conversation=OF_CONVERSATION)
    busiest = (await connection.execute(text(_busiest(rows, "votes")), asked)).all()
    if not busiest:
        return Voters()
    query = f"""
        SELECT subject, sum(votes) AS votes, sum(ups) AS ups, max(voted_at) AS last_at
        FROM ({rows}) AS told WHERE subject = ANY(CAST(:top AS text[])) GROUP BY subject
    """
    found = await connection.execute(text(query), asked | {"top": [row.subject for row in busiest]})
    of = {row["subject"]: Voter(**row) for row in found.mappings()}
    one = busiest[0]
    top = [of[row.subject] for row in busiest]
    return Voters(subjects=one.subjects, median=one.median, busy=one.busy, once=one.once, top=top)


def _busiest(rows: str, counted: str) -> str:
    """Return the query of who has the most that is *counted*, with what there is to say of all; everything else costs more."""
    return f"""
        WITH people AS MATERIALIZED (
            SELECT subject, sum({counted}) AS counted FROM ({rows}) AS told WHERE {counted} > 0 GROUP BY subject
        )
        SELECT people.*, whole.*, (SELECT counted FROM people ORDER BY counted OFFSET whole.subjects / 2 LIMIT 1) AS median
        FROM people CROSS JOIN (
            SELECT count(*) AS subjects, count(*) FILTER (WHERE counted > 10) AS busy,
                count(*) FILTER (WHERE counted = 1) AS once
            FROM people
        ) AS whole ORDER BY counted DESC, subject LIMIT {TOP}
    """


def _rows(window: Window, columns: str, told: str, **where: str) -> tuple[str, dict[str, Any]]:
    """Return the query of *columns* of turn_subjects for *window*, and its parameters; a subject may come several times.

    *told* says the same of what is no whole day.
    """
    pieces = pieces_of(window, DAY)
    spans, asked_of_spans = _spans(pieces.whole) if pieces.whole else ("", {})
    query, asked = gathered(
        pieces,
        added_up=lambda _: f"SELECT {columns} FROM turn_subjects WHERE tenant = :tenant AND site = :site AND ({spans})",
        told=lambda condition: told.format(where=condition),
        moment="day",
        **where,
    )
    # What stands in no query may not be handed on.
    return query, {name: value for name, value in asked.items() if name not in ("since", "until")} | asked_of_spans


def _spans(whole: Window) -> tuple[str, dict[str, date]]:
    """Return which rows are those of the days of *whole*: of its whole months one each, and else one for each day."""
    since, until = whole.since and whole.since.date(), whole.until and whole.until.date()
    first = since and (since if since.day == 1 else month_of(month_of(since) + timedelta(days=31)))
    last = until and month_of(until)
    if first and last and first >= last:
        return _span(Span.DAY, "since", since, "until", until)
    parts = [_span(Span.MONTH, "first", first, "last", last)]
    if since != first:
        parts.append(_span(Span.DAY, "since", since, "first", first))
    if until != last:
        parts.append(_span(Span.DAY, "last", last, "until", until))
    conditions, asked = [part for part, _ in parts], [values for _, values in parts]
    return " OR ".join(conditions), {name: value for values in asked for name, value in values.items()}


def _span(span: Span, since: str, first: date | None, until: str, last: date | None) -> tuple[str, dict[str, date]]:
    condition = f"span = {span}"
    if first is not None:
        condition += f" AND day >= :{since}_day"
    if last is not None:
        condition += f" AND day < :{until}_day"
    return f"({condition})", {f"{name}_day": day for name, day in ((since, first), (until, last)) if day is not None}
