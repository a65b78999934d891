"""A family of facts from the request to the answer beside the web's, put together from public parts and lists of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import select

from collector.answer import Answer
from collector.arrival import Arrival
from collector.dialects import DIALECTS
from collector.dialects.browser import read_browser
from collector.dialects.endpoint import Endpoint, ended_well
from collector.hit import Claim, Hit
from collector.ingest import Offer, open_ingest
from collector.kinds import KINDS
from collector.kinds.kind import Kind
from collector.outcomes import Outcome, Rejected
from collector.privacy.enrich.lists import Lists
from collector.privacy.remains import Remains
from collector.settings import read_settings
from contracts.streams import FAMILIES
from projections.migrations import migrate
from projections.projections import PROJECTIONS
from projections.projector.projectors import Projectors
from projections.query.caller import only_caller
from projections.query.database import open_engine, reading
from projections.read_models.hits import HITS
from tests.projections.toy import FAMILY, POLLS, TOY, VoteCast
from tests.projections.world import until, utc_now

SITE = "polls.example"


class VoteClaim(Claim, frozen=True, kw_only=True):
    """Somebody says that they vote."""

    poll: str


def cast(claim: VoteClaim, envelope: dict[str, Any], _: Remains, __: Lists) -> VoteCast:
    return VoteCast(**envelope, poll=claim.poll)


def read_vote(arrival: Arrival) -> list[Hit | Rejected]:
    return [
        Hit(
            person=read_browser(arrival.head).person(),
            sender=arrival.sender,
            site=SITE,
            received_at=arrival.received_at,
            claim=VoteClaim(poll=arrival.head.parameters["poll"]),
        )
    ]


def word_vote(_: Arrival, outcomes: list[Outcome]) -> Answer:
    ended_well(outcomes[0])
    return Answer(status=201)


VOTES = Endpoint(template="/polls/{poll}/votes", dialect="polls", methods=("POST",), limit=0, read=read_vote, word=word_vote)
OFFER = Offer(
    dialects=(*DIALECTS, VOTES),
    kinds=(*KINDS, Kind(claims=(VoteClaim,), happened_at=lambda hit: hit.received_at, fact=cast)),
    families=(*FAMILIES, FAMILY),
)


async def test_a_vote_is_counted_beside_the_pageviews(stream_free_nats: str, postgres_url: str):
    both = (*PROJECTIONS, TOY)
    await migrate(postgres_url, both)
    async with asking(stream_free_nats) as http, projecting(stream_free_nats, postgres_url, *both):
        for poll in ("tea", "tea", "cats"):
            assert (await http.post(f"/polls/{poll}/votes")).status_code == 201
        assert (await http.post("/api/event", json={"domain": SITE, "pathname": "/"})).status_code == 204
        await until(lambda: answers(postgres_url, {"tea": 2, "cats": 1}, hits=1))


@asynccontextmanager
async def asking(nats_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Lend a client of an ingest half that takes votes, too."""
    settings = read_settings({"COLLECTOR_STREAM_MAX_BYTES": str(1 << 28)})
    async with open_ingest(settings, nats_url, lambda: datetime.now(UTC), offer=OFFER) as ingest:
        transport = httpx.ASGITransport(app=ingest.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://collector") as http:
            yield http


@asynccontextmanager
async def projecting(nats_url: str, database_url: str, *projections: Any) -> AsyncIterator[None]:
    """Run every one of *projections* for the length of the block."""
    stop = asyncio.Event()
    async with Projectors(nats_url=nats_url, database_url=database_url, projections=projections) as projectors:
        running = asyncio.create_task(projectors.run(stop, clock=utc_now))
        try:
            yield
        finally:
            stop.set()
            await running


async def answers(database_url: str, votes: dict[str, int], *, hits: int) -> bool:
    """Say whether one reading of the current generations finds *votes* and as many *hits*."""
    engine = open_engine(database_url)
    async with reading(engine, only_caller("main")) as connection:
        counted = {row.poll: row.votes for row in await connection.execute(select(POLLS.c.poll, POLLS.c.votes))}
        seen = (await connection.execute(select(HITS.c.path))).scalars().all()
    await engine.dispose()
    return counted == votes and len(seen) == hits
