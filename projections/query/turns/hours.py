"""Hours: facts and votes as they are added up by the hour; what is of no whole hour, or of some alone, from themselves."""

from typing import Any

from projections.query.turns.window import HOUR, Window, gathered, pieces_of
from projections.read_models.added import MOST_CHARS
from projections.read_models.turn_fact_hours import TOOK, UNTIMED
from projections.read_models.turn_facts import Kind

_ANSWERED = f"FILTER (WHERE kind = {Kind.COMPLETED})"
_CONVERSED = f"FILTER (WHERE kind = {Kind.CONVERSATION_ENDED} AND conversation <> '')"
# What turn_fact_hours makes of a fact, once more.
_JOURNEY = "CASE WHEN jsonb_typeof(props -> 'journey_name') = 'string' THEN props ->> 'journey_name' ELSE journey END"
_NAME = f"""CASE kind WHEN {Kind.ACTION} THEN name WHEN {Kind.FAILED} THEN left(word, {MOST_CHARS})
    WHEN {Kind.JOURNEY_STEP} THEN CASE WHEN journey <> '' THEN left({_JOURNEY}, {MOST_CHARS}) ELSE '' END ELSE '' END"""
_TOOK = f"""CASE WHEN kind = {Kind.COMPLETED} AND duration_ms IS NOT NULL
    THEN width_bucket(duration_ms, CAST(ARRAY[{", ".join(map(str, TOOK))}] AS bigint[])) ELSE {UNTIMED} END"""
_FACTS = f"""date_trunc('hour', occurred_at) AS hour, kind, {_NAME} AS name, {_TOOK} AS took, count(*) AS facts,
    count(duration_ms) {_ANSWERED} AS timed, coalesce(sum(duration_ms) {_ANSWERED}, 0) AS total_ms,
    count(size) {_CONVERSED} AS sized, coalesce(sum(size) {_CONVERSED}, 0) AS total_size,
    count(*) FILTER (WHERE kind = {Kind.JOURNEY_STEP} AND is_last) AS finished"""

_VALUED, _COMMENTED = "value IS NOT NULL", "value IS NOT NULL AND comment <> ''"
_LATE = "CAST(extract(epoch FROM occurred_at - date_trunc('hour', occurred_at)) * 1000000 AS bigint)"
_VOTES = f"""date_trunc('hour', occurred_at) AS hour, count(*) AS every, count(value) AS votes,
    count(*) FILTER (WHERE value > 0) AS ups, count(*) FILTER (WHERE value < 0) AS downs,
    coalesce(sum(CAST(value AS numeric)), 0) AS total, count(*) FILTER (WHERE {_COMMENTED}) AS comments,
    coalesce(sum(length(comment)) FILTER (WHERE {_VALUED}), 0) AS comment_chars,
    count(*) FILTER (WHERE comment <> '' AND value > 0) AS comments_up,
    count(*) FILTER (WHERE comment <> '' AND value < 0) AS comments_down,
    count(*) FILTER (WHERE duration_ms > 0) AS timed, coalesce(sum(duration_ms) FILTER (WHERE duration_ms > 0), 0) AS total_ms,
    sum({_LATE}) AS late_us, coalesce(sum({_LATE}) FILTER (WHERE value > 0), 0) AS late_up_us"""
_VOTE_COLUMNS = (
    "hour, every, votes, ups, downs, total, comments, comment_chars, comments_up, comments_down, timed, total_ms, late_us,"
    " late_up_us"
)
# Votes of a conversation are those on its turns.
OF_CONVERSATION = (
    "turn IN (SELECT turn FROM turn_facts WHERE tenant = :tenant AND site = :site AND conversation = :conversation"
    " AND turn <> '')"
)


def fact_hours(window: Window) -> tuple[str, dict[str, Any]]:
    """Return the query of the facts of *window* in the columns of turn_fact_hours, and its parameters.

    An hour may come twice.
    """
    return gathered(
        pieces_of(window, HOUR),
        added_up=lambda where: (
            "SELECT hour, kind, name, took, facts, timed, total_ms, sized, total_size, finished"
            f" FROM turn_fact_hours WHERE {where}"
        ),
        told=lambda where: f"SELECT {_FACTS} FROM turn_facts WHERE {where} GROUP BY 1, 2, 3, 4",
        moment="hour",
    )


def vote_hours(window: Window) -> tuple[str, dict[str, Any]]:
    """Return the query of the votes of *window* in the columns of vote_hours, and its parameters; an hour may come twice."""
    return gathered(
        pieces_of(window, HOUR),
        added_up=lambda where: f"SELECT {_VOTE_COLUMNS} FROM vote_hours WHERE {where}",
        told=lambda where: f"SELECT {_VOTES} FROM votes WHERE {where} GROUP BY 1",
        moment="hour",
        conversation=OF_CONVERSATION,
    )
