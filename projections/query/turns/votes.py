"""Votes: how many there are, by hour, by subject and by turn, and what people said with them."""

from datetime import date, datetime

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.window import Window

TOP = 10
# Votes of a conversation are those on its turns.
_OF_CONVERSATION = (
    "turn IN (SELECT turn FROM turn_facts WHERE tenant = :tenant AND site = :site AND conversation = :conversation"
    " AND turn <> '')"
)


class VoteHour(Struct, frozen=True, kw_only=True):
    """The votes with a value of one hour of a UTC day; ``total`` is the sum of their values."""

    day: date
    hour: int
    votes: int
    ups: int
    downs: int
    total: float
    comments: int
    comment_chars: int
    comments_up: int
    comments_down: int


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


class VotedTurn(Struct, frozen=True, kw_only=True):
    """The votes on one turn, and its prompt where the site's policy keeps it."""

    turn: str
    votes: int
    ups: int
    prompt: str = ""


class VotedTurns(Struct, frozen=True, kw_only=True):
    """On how many turns there are votes, and on which the most."""

    turns: int = 0
    top: list[VotedTurn] = []


class Comment(Struct, frozen=True, kw_only=True):
    """What somebody said with a vote."""

    comment: str
    value: float
    at: datetime
    subject: str


class Trend(Struct, frozen=True, kw_only=True):
    """All votes of a window, also those without a value, and the shares of those for it in the earlier and the later half.

    ``weighted`` is that share with a half-life of seven days, and ``mean_ms`` how long the turns had taken, where that is said.
    """

    votes: int = 0
    ups: int = 0
    earlier: float = 0.0
    later: float = 0.0
    weighted: float = 0.0
    mean_ms: float | None = None


async def votes_by_hour(connection: AsyncConnection, window: Window) -> list[VoteHour]:
    """Return the hours that have votes with a value, in their order."""
    query = f"""
        SELECT CAST(occurred_at AS date) AS day, CAST(extract(hour FROM occurred_at) AS integer) AS hour, count(*) AS votes,
            count(*) FILTER (WHERE value > 0) AS ups, count(*) FILTER (WHERE value < 0) AS downs, sum(value) AS total,
            count(*) FILTER (WHERE comment <> '') AS comments, CAST(sum(length(comment)) AS bigint) AS comment_chars,
            count(*) FILTER (WHERE comment <> '' AND value > 0) AS comments_up,
            count(*) FILTER (WHERE comment <> '' AND value < 0) AS comments_down
        FROM votes WHERE value IS NOT NULL AND {_where(window)} GROUP BY 1, 2 ORDER BY 1, 2
    """
    return [VoteHour(**row) for row in (await connection.execute(text(query), window.values())).mappings()]


async def voters(connection: AsyncConnection, window: Window) -> Voters:
    """Return who has voted with a value."""
    query = f"""
        WITH voters AS MATERIALIZED (
            SELECT subject, count(*) AS votes, count(*) FILTER (WHERE value > 0) AS ups, max(occurred_at) AS last_at
            FROM votes WHERE value IS NOT NULL AND {_where(window)} GROUP BY subject
        )
        SELECT voters.*, whole.*, (SELECT votes FROM voters ORDER BY votes OFFSET whole.subjects / 2 LIMIT 1) AS median
        FROM voters CROSS JOIN (
            SELECT count(*) AS subjects, count(*) FILTER (WHERE votes > 10) AS busy, count(*) FILTER (WHERE votes = 1) AS once
            FROM voters
        ) AS whole ORDER BY votes DESC, subject LIMIT {TOP}
    """
    rows = (await connection.execute(text(query), window.values())).all()
    if not rows:
        return Voters()
    top = [Voter(subject=row.subject, votes=row.votes, ups=row.ups, last_at=row.last_at) for row in rows]
    return Voters(subjects=rows[0].subjects, median=rows[0].median, busy=rows[0].busy, once=rows[0].once, top=top)


async def voted_turns(connection: AsyncConnection, window: Window) -> VotedTurns:
    """Return on which turns there are votes with a value; those on no turn that was named count as one."""
    query = f"""
        WITH voted AS MATERIALIZED (
            SELECT turn, count(*) AS votes, count(*) FILTER (WHERE value > 0) AS ups
            FROM votes WHERE value IS NOT NULL AND {_where(window)} GROUP BY turn
        ), top AS (
            SELECT voted.*, (SELECT count(*) FROM voted) AS turns FROM voted ORDER BY votes DESC, turn LIMIT {TOP}
        )
        SELECT top.*, coalesce((
            SELECT prompt FROM turn_facts AS told
            WHERE told.tenant = :tenant AND told.site = :site AND told.turn = top.turn AND told.turn <> '' AND prompt <> ''
            ORDER BY occurred_at, event_id LIMIT 1
        ), '') AS prompt FROM top ORDER BY votes DESC, turn
    """
    rows = (await connection.execute(text(query), window.values())).all()
    top = [VotedTurn(turn=row.turn, votes=row.votes, ups=row.ups, prompt=row.prompt) for row in rows]
    return VotedTurns(turns=rows[0].turns, top=top) if rows else VotedTurns()


async def newest_comments(connection: AsyncConnection, window: Window, *, most: int) -> list[Comment]:
    """Return what was said last, the newest first."""
    query = f"""
        SELECT comment, coalesce(value, 0) AS value, occurred_at AS at, subject FROM votes
        WHERE comment <> '' AND {_where(window)} ORDER BY occurred_at DESC, event_id DESC LIMIT :most
    """
    rows = await connection.execute(text(query), window.values() | {"most": most})
    return [Comment(**row) for row in rows.mappings()]


async def trend(connection: AsyncConnection, window: Window, *, now: datetime) -> Trend:
    """Return how the votes of *window* move, and what they weigh at *now*."""
    query = f"""
        WITH ordered AS (
            SELECT occurred_at, duration_ms, CASE WHEN value > 0 THEN 1.0 ELSE 0.0 END AS up,
                row_number() OVER (ORDER BY occurred_at, event_id) <= count(*) OVER () / 2 AS is_early,
                greatest(0.01, power(CAST(0.5 AS float),
                    CAST(extract(epoch FROM CAST(:now AS timestamptz) - occurred_at) AS float) / 604800)) AS weight
            FROM votes WHERE {_where(window)}
        )
        SELECT count(*) AS votes, CAST(coalesce(sum(up), 0) AS integer) AS ups,
            CAST(coalesce(avg(up) FILTER (WHERE is_early), 0) AS float) AS earlier,
            CAST(coalesce(avg(up) FILTER (WHERE NOT is_early), 0) AS float) AS later,
            CAST(coalesce(sum(up * weight) / sum(weight), 0) AS float) AS weighted,
            CAST(avg(duration_ms) FILTER (WHERE duration_ms > 0) AS float) AS mean_ms
        FROM ordered
    """
    return Trend(**(await connection.execute(text(query), window.values() | {"now": now})).mappings().one())


async def votes_on(connection: AsyncConnection, window: Window, *, turn: str | None, most: int) -> tuple[int, int, list[str]]:
    """Return how many votes there are on *turn*, on any where it is None, how many for it, and what was said last."""
    of_turn = "TRUE" if turn is None else "turn = :turn"
    query = f"""
        SELECT count(*) AS votes, count(*) FILTER (WHERE value > 0) AS ups,
            ARRAY(SELECT comment FROM votes WHERE {_where(window)} AND {of_turn} AND comment <> ''
                  ORDER BY occurred_at DESC, event_id DESC LIMIT :most) AS comments
        FROM votes WHERE {_where(window)} AND {of_turn}
    """
    asked = window.values() | {"most": most} | ({} if turn is None else {"turn": turn})
    row = (await connection.execute(text(query), asked)).one()
    return row.votes, row.ups, list(row.comments)


def _where(window: Window) -> str:
    return window.where(conversation=_OF_CONVERSATION)
