"""A toy family, made of public parts alone: polls are opened and votes are cast, and a plain table counts them."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Column, Integer, MetaData, Table, Text, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.codec import Codec
from contracts.events import Fact
from contracts.streams import Family, streams_of
from projections.projector.projection import Projection
from projections.read_models.model import ReadModel
from projections.stream.item import Sequenced
from tests.facts import NOON


class PollOpened(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="poll_opened.v1"):
    """Somebody asks everybody something."""

    family = "toy"
    poll: str
    title: str


class VoteCast(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="vote_cast.v1"):
    """Somebody answers."""

    family = "toy"
    poll: str


POLLS = Table(
    "polls",
    MetaData(),
    Column("poll", Text, primary_key=True),
    Column("title", Text),
    Column("votes", Integer, nullable=False),
)


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[Any]]) -> None:
    """Add the votes of *facts* to their polls, and name those that were opened."""
    votes = Counter(fact.event.poll for fact in facts if isinstance(fact.event, VoteCast))
    titles = {fact.event.poll: fact.event.title for fact in facts if isinstance(fact.event, PollOpened)}
    rows = [{"poll": poll, "title": titles.get(poll), "votes": votes[poll]} for poll in sorted(votes.keys() | titles.keys())]
    new = insert(POLLS).values(rows)
    added = {"votes": POLLS.c.votes + new.excluded.votes, "title": func.coalesce(new.excluded.title, POLLS.c.title)}
    await connection.execute(new.on_conflict_do_update(index_elements=["poll"], set_=added))


FAMILY = Family(name="toy")
FACTS = (PollOpened, VoteCast)
CODEC = Codec(FACTS)
(STREAM,) = streams_of([FAMILY])
MODEL = ReadModel(name="polls", tables=(POLLS,), facts=FACTS, version=1, upsert=upsert)
TOY = Projection(name="toy", family=FAMILY, facts=FACTS, models=(MODEL,), migrations=Path(__file__).parent / "toy_migrations")


def opened(poll: str, title: str) -> PollOpened:
    return PollOpened(poll=poll, title=title, **_envelope())


def vote(poll: str) -> VoteCast:
    return VoteCast(poll=poll, **_envelope())


def _envelope() -> dict[str, Any]:
    received_at = NOON + timedelta(seconds=1)
    return {"id": str(uuid4()), "tenant": "main", "site": "example.org", "occurred_at": NOON, "received_at": received_at}
