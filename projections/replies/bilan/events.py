"""Events: GET /api/events with every filter, and totals that are the totals."""

from typing import Any

from projections.query.turns.facts import Chosen, Told, count, newest, of_turns
from projections.query.turns.window import Window
from projections.read_models.turn_facts import Kind
from projections.replies.bilan.asked import MOST_EVENTS, said, times_in, whole_number
from projections.replies.bilan.event import KINDS, SETTLED, event_of, turn_with_vote, vote_with_turn
from projections.replies.bilan.question import Question

_USUAL_LIMIT = 50
_MOST_OFFSET = 10**9


async def events(question: Question) -> dict[str, Any]:
    """Answer with one page of events, the newest first."""
    given = question.given
    limit = whole_number(given, "limit", usual=_USUAL_LIMIT, most=MOST_EVENTS)
    offset = whole_number(given, "offset", usual=0, most=_MOST_OFFSET)
    chosen = _chosen(said(given, "eventType", "event_type"), said(given, "search"))
    window = await question.window(times_in(given, question.now))
    page = await newest(question.connection, window, chosen, limit=limit, offset=offset)
    total = await count(question.connection, window, chosen)
    return {
        "events": await _enriched(question, window, chosen, page),
        "total": total,
        "limit": limit,
        "offset": offset,
        "hasMore": offset + limit < total,
    }


def _chosen(types: str, search: str) -> Chosen:
    names = {name for piece in types.split(",") if (name := piece.strip())}
    return Chosen(
        kinds=frozenset(KINDS[name] for name in names & KINDS.keys()),
        names=frozenset(names - KINDS.keys()),
        search=search,
    )


async def _enriched(question: Question, window: Window, chosen: Chosen, page: list[Told]) -> list[dict[str, Any]]:
    told = [event_of(one) for one in page]
    votes_alone = chosen.kinds == {Kind.VOTE} and not chosen.names
    if not votes_alone and chosen.kinds.isdisjoint(SETTLED):
        return told
    turns = await of_turns(question.connection, window, [one.turn for one in page])
    enrich = vote_with_turn if votes_alone else turn_with_vote
    return [enrich(event, turns.get(one.turn, ())) for event, one in zip(told, page, strict=True)]
