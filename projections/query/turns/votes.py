"""Votes: how many there are, by hour and by turn, and what people said with them."""

from datetime import date, datetime

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.hours import OF_CONVERSATION, vote_hours
from projections.query.turns.people import TOP
from projections.query.turns.window import Window


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


async def votes_by_hour(connection: AsyncConnection, window: Window) -> list[VoteHour]:
    """Return the hours that have votes with a value, in their order."""
    hours, asked = vote_hours(window)
    counted = ", ".join(f"CAST(sum({name}) AS bigint) AS {name}" for name in _COUNTED)
    query = f"""
        SELECT CAST(hour AS date) AS day, CAST(extract(hour FROM hour) AS integer) AS hour,
            CAST(sum(total) AS float) AS total, {counted}
        FROM ({hours}) AS hours WHERE votes > 0 GROUP BY 1, 2 ORDER BY 1, 2
    """
    return [VoteHour(**row) for row in (await connection.execute(text(query), asked)).mappings()]


async def voted_turns(connection: AsyncConnection, window: Window) -> VotedTurns:
    """Return on which turns there are votes with a value; those on no turn that was named count as one."""
    query = f"""
        WITH voted AS MATERIALIZED (
            SELECT turn, count(value) AS votes FROM votes WHERE value IS NOT NULL AND {_where(window)} GROUP BY turn
        ), top AS (
            SELECT voted.*, (SELECT count(*) FROM voted) AS turns FROM voted ORDER BY votes DESC, turn LIMIT {TOP}
        )
        SELECT top.*, (
            SELECT count(*) FROM votes WHERE votes.turn = top.turn AND value > 0 AND {_where(window)}
        ) AS ups, coalesce((
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
    return window.where(conversation=OF_CONVERSATION)


_COUNTED = ("votes", "ups", "downs", "comments", "comment_chars", "comments_up", "comments_down")
